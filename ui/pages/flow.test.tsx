import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { App } from "../app.tsx";
import { bigFlow } from "../fixtures/big-flow.ts";
import { deadLetteredOrder, pendingOrder } from "../fixtures/checkout-order.ts";
import { flowRoutes, stubApi } from "../fixtures/stub-api.ts";
import { navigate } from "../route/router.ts";
import { startShortcuts } from "../shared/shortcuts.ts";

const START = "2026-11-21T08:30:57.000000000Z";
const order = deadLetteredOrder(START);
let stopKeys = (): void => undefined;

beforeEach(() => {
  stopKeys = startShortcuts();
});
afterEach(() => {
  cleanup();
  stopKeys();
  navigate("/", "replace");
});

async function open(response = order, query = ""): Promise<HTMLElement> {
  const api = stubApi(flowRoutes(response));
  navigate(`/flows/${response.flow.id}${query}`, "replace");
  render(<App />);
  const grid = await screen.findByRole("treegrid");
  expect(api.asked).toContain(`/api/flows/${response.flow.id}/outline`);
  return grid;
}
const press = (key: string): void => {
  fireEvent.keyDown(document.activeElement ?? document.body, { key });
};
const selectedRow = (): HTMLElement | null => document.querySelector('[role=row][aria-selected="true"]');

describe("an order whose payment was retried and lost", () => {
  it("says in words how long it waited, which attempt failed and why", async () => {
    await open();
    const story = screen.getByRole("region", { name: "What happened" });
    expect(story.textContent).toContain("Waited 1.72 s in checkout-payments; payment attempt 1 of 3");
    expect(story.textContent).toContain("issuer declined the card ending in 4242: insufficient funds");
    expect(story.textContent).toContain("Moved to dead-letter queue checkout-payments-dlq after 3 failed attempts");
    expect(screen.getByText(/its message was moved to checkout-payments-dlq/)).toBeTruthy();
  });

  it("tells time in queue from code and cold start in the header", async () => {
    await open();
    const words = screen.getByRole("list", { name: "Where the time went" }).textContent ?? "";
    for (const part of ["code", "789 ms cold start", "in queue", "waiting for retry"]) expect(words).toContain(part);
  });

  it("draws each attempt as a row that says its number and its error", async () => {
    const grid = await open();
    for (const attempt of ["attempt 1 of 3", "attempt 2 of 3", "attempt 3 of 3"]) {
      expect(within(grid).getByText(attempt).closest("[role=row]")?.textContent).toMatch(/CardDeclined|GatewayTimeout/);
    }
  });
});

describe("the one selection", () => {
  it("is shared: a part of the graph selects its row and opens its details", async () => {
    await open();
    const parts = screen.getByRole("list", { name: "8 parts" });
    fireEvent.click(within(parts).getByTitle("checkout-payments-dlq"));
    await waitFor(() => expect(selectedRow()?.textContent).toContain("checkout-payments-dlq"));
    expect(screen.getByRole("complementary", { name: "Details of checkout-payments-dlq" })).toBeTruthy();
  });

  it("goes from error to error, and shows the stack", async () => {
    await open();
    press("e");
    await waitFor(() => expect(selectedRow()?.textContent).toContain("attempt 1 of 3"));
    press("Enter");
    const details = await screen.findByRole("complementary", { name: "Details of payment" });
    await waitFor(() => expect(details.textContent).toContain("at charge (/var/task/payment.mjs:41:11)"));
    expect(details.textContent).toContain("1.72 s in checkout-payments");
    press("Escape");
    await waitFor(() => expect(screen.queryByRole("complementary")).toBeNull());
  });

  it("is in the address, and comes back from it", async () => {
    await open();
    press("e");
    await waitFor(() => expect(window.location.search).toBe("?row=0000000000000020"));
    cleanup();
    await open(order, "?row=0000000000000024");
    await waitFor(() => expect(selectedRow()?.textContent).toContain("attempt 2 of 3"));
  });
});

describe("the waterfall by keyboard", () => {
  it("is one tab stop, whose row in hand is told to screen readers", async () => {
    const grid = await open();
    expect(grid.querySelectorAll("[tabindex]")).toHaveLength(0);
    press("j");
    await waitFor(() => expect(grid.getAttribute("aria-activedescendant")).toBe("waterfall-row-0"));
    expect(document.activeElement).toBe(grid);
    press("ArrowDown");
    await waitFor(() => expect(grid.getAttribute("aria-activedescendant")).toBe("waterfall-row-1"));
  });

  it("folds a row and opens it again", async () => {
    const grid = await open();
    press("j");
    await waitFor(() => expect(selectedRow()).toBeTruthy());
    press("ArrowLeft");
    await waitFor(() => expect(selectedRow()?.getAttribute("aria-expanded")).toBe("false"));
    expect(within(grid).queryByText("attempt 1 of 3")).toBeNull();
    press("ArrowRight");
    await waitFor(() => expect(within(grid).queryByText("attempt 1 of 3")).toBeTruthy());
  });

  it("draws idle time to scale, and cuts it again", async () => {
    await open();
    const button = screen.getByRole("button", { name: "Cut idle time" });
    expect(button.getAttribute("aria-pressed")).toBe("true");
    press("g");
    await waitFor(() => expect(button.getAttribute("aria-pressed")).toBe("false"));
    press("g");
    await waitFor(() => expect(button.getAttribute("aria-pressed")).toBe("true"));
  });

  it("finds a row by its name, folded away or not", async () => {
    await open();
    fireEvent.input(screen.getByRole("searchbox"), { target: { value: "update" } });
    fireEvent.keyDown(screen.getByRole("searchbox"), { key: "Enter" });
    await waitFor(() => expect(selectedRow()?.textContent).toContain("UPDATE stock"));
  });

  it("shows its keys, all of them, in the help", async () => {
    await open();
    press("?");
    const help = await screen.findByRole("dialog", { name: "Keyboard" });
    for (const label of ["Next error", "Next longest wait", "Copy a link to the row"]) {
      expect(within(help).getByText(label)).toBeTruthy();
    }
    fireEvent.click(within(help).getByRole("button", { name: "Close" }));
  });
});

it("draws few rows of a flow of thousands of spans, and can go to the last", async () => {
  const grid = await open(bigFlow(START, 3000));
  expect(grid.querySelectorAll("[role=row]").length).toBeLessThan(80);
  expect(Number(grid.getAttribute("aria-rowcount"))).toBeGreaterThan(3000);
  press("j");
  await waitFor(() => expect(document.activeElement).toBe(grid));
  press("End");
  await waitFor(() => expect(grid.getAttribute("aria-activedescendant")).toMatch(/-\d{4}$/));
});

it("draws clocks aligned where hosts contradict each other, and as they were sent where that is chosen", async () => {
  const moved = deadLetteredOrder(START);
  for (const node of moved.flow.nodes) if (node.name === "inventory") node.clockSkewMs = 525;
  const grid = await open(moved);
  expect(within(grid).getByText("clock moved +525 ms").closest("[role=row]")?.textContent).toContain("inventory");
  const api = stubApi(flowRoutes(order));
  fireEvent.click(screen.getByRole("button", { name: "Align clocks", pressed: true }));
  await waitFor(() => expect(api.asked).toContain(`/api/flows/${order.flow.id}/outline?clocks=as-sent`));
  await waitFor(() => expect(within(grid).queryByText("clock moved +525 ms")).toBeNull());
  expect(window.location.search).toBe("?clocks=as-sent");
  expect(screen.getByRole("button", { name: "Align clocks", pressed: false })).toBeTruthy();
});

it("says that nothing has received a message yet", async () => {
  const grid = await open(pendingOrder(START));
  expect(screen.getByText(/^Still under way:/)).toBeTruthy();
  expect(within(grid).getByText(/nothing has received it yet/)).toBeTruthy();
});

it("says that a flow is not here, and why that may be", async () => {
  stubApi({});
  navigate("/flows/00000000000000000000000000000000", "replace");
  render(<App />);
  expect(await screen.findByRole("heading", { name: "This flow is not here" })).toBeTruthy();
  expect(screen.getByText(/no span of this trace is stored/)).toBeTruthy();
});
