import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { App } from "../app.tsx";
import { recentFlows, summaryOf } from "../fixtures/flow-list.ts";
import { stubApi } from "../fixtures/stub-api.ts";
import { navigate, url } from "../route/router.ts";
import { startShortcuts } from "../shared/shortcuts.ts";

const flows = recentFlows("2026-11-21T08:30:57.000000000Z", 4).map(summaryOf);
let stopKeys = (): void => undefined;

beforeEach(() => {
  navigate("/", "replace");
  stopKeys = startShortcuts();
});
afterEach(() => {
  cleanup();
  stopKeys();
});

const press = (key: string): void => {
  fireEvent.keyDown(document.activeElement ?? document.body, { key });
};
const links = (): HTMLElement[] => screen.queryAllByRole("link", { name: "POST /orders" });

describe("the list of flows", () => {
  it("shows what went wrong without a click", async () => {
    stubApi({ "/api/flows": { flows }, "/api/functions": { functions: [] } });
    render(<App />);
    await waitFor(() => expect(links()).toHaveLength(4));
    const row = links()[1]?.closest("tr");
    for (const words of ["CardDeclined", "1 dead letter", "3 errors", "2 retries", "1 m 35 s"]) {
      expect(row?.textContent).toContain(words);
    }
  });

  it("moves with j and k, and opens with the link's own Enter", async () => {
    stubApi({ "/api/flows": { flows } });
    render(<App />);
    await waitFor(() => expect(links()).toHaveLength(4));
    press("j");
    press("j");
    press("k");
    expect(document.activeElement).toBe(links()[0]);
    expect(links()[0]?.getAttribute("href")).toBe(`/flows/${flows[0]?.id}`);
  });

  it("keeps its filters in the address and asks the API by them", async () => {
    const api = stubApi({ "/api/flows": { flows } });
    render(<App />);
    await waitFor(() => expect(links()).toHaveLength(4));
    fireEvent.click(screen.getByRole("button", { name: "With errors" }));
    fireEvent.change(screen.getByRole("combobox", { name: "Service" }), { target: { value: "payment" } });
    await waitFor(() => expect(api.asked.at(-1)).toContain("service=payment&status=error"));
    expect(url.peek().search).toBe("?status=error&service=payment");
  });

  it("opens at what an alert's link names, says so, and leaves it with one press", async () => {
    const from = "2026-11-20T12:00:00.000Z";
    const to = "2026-11-20T12:30:00.000Z";
    const narrowed = { function: "pay", destination: "orders", from, to };
    navigate(`/?${new URLSearchParams({ status: "error", ...narrowed }).toString()}`, "replace");
    const api = stubApi({ "/api/flows": { flows } });
    render(<App />);
    await waitFor(() => expect(links()).toHaveLength(4));
    const asked = api.asked.find((path) => path.startsWith("/api/flows?")) ?? "";
    expect(Object.fromEntries(new URLSearchParams(asked.slice(asked.indexOf("?"))))).toMatchObject(narrowed);
    expect(document.body.textContent).toContain("Narrowed: function pay, queue or topic orders, from ");
    fireEvent.click(screen.getByRole("button", { name: "Show all" }));
    expect(url.peek().search).toBe("?status=error");
  });

  it("keeps what it showed when the collector goes away, says so, and tries again", async () => {
    const api = stubApi({ "/api/flows": { flows } });
    render(<App />);
    await waitFor(() => expect(links()).toHaveLength(4));
    api.down = true;
    press("r");
    await screen.findByText("The collector does not answer.");
    expect(links()).toHaveLength(4);
    api.down = false;
    fireEvent.click(screen.getByRole("button", { name: "Try now" }));
    await waitFor(() => expect(screen.queryByText("The collector does not answer.")).toBeNull());
  });

  it("adds nothing above the row in hand, but says that there is more", async () => {
    const api = stubApi({ "/api/flows": { flows: flows.slice(1) } });
    render(<App />);
    await waitFor(() => expect(links()).toHaveLength(3));
    press("j");
    api.routes["/api/flows"] = { flows };
    press("r");
    const more = await screen.findByRole("button", { name: "Show 1 new flow" });
    expect(links()).toHaveLength(3);
    fireEvent.click(more);
    await waitFor(() => expect(links()).toHaveLength(4));
  });

  it("loads older flows below", async () => {
    const api = stubApi({ "/api/flows": { flows: flows.slice(0, 2), nextCursor: "older" } });
    render(<App />);
    await waitFor(() => expect(links()).toHaveLength(2));
    api.routes["/api/flows"] = { flows: flows.slice(2) };
    fireEvent.click(screen.getByRole("button", { name: "Older flows" }));
    await waitFor(() => expect(links()).toHaveLength(4));
    expect(api.asked.some((path) => path.includes("cursor=older"))).toBe(true);
  });

  it("teaches how to send the first spans where there are none", async () => {
    stubApi({ "/api/flows": { flows: [] } });
    render(<App />);
    await screen.findByRole("heading", { name: "Waiting for the first spans" });
    expect(document.body.textContent).toContain("npm install hopscope");
    expect(screen.getAllByRole("button", { name: "Copy" })).toHaveLength(3);
  });

  it("offers to clear filters that match nothing", async () => {
    stubApi({ "/api/flows": { flows: [] } });
    navigate("/?status=error", "replace");
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "Clear filters" }));
    expect(url.peek().search).toBe("");
  });
});
