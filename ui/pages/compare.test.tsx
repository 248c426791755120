import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, expect, it } from "vitest";
import type { FlowCompareResponse } from "@hopscope/schema/api";
import { App } from "../app.tsx";
import { deadLetteredOrder, retriedOrder } from "../fixtures/checkout-order.ts";
import { summaryOf } from "../fixtures/flow-list.ts";
import { stubApi } from "../fixtures/stub-api.ts";
import { navigate } from "../route/router.ts";

const START = "2026-11-21T08:30:57.000000000Z";
const slow = summaryOf(deadLetteredOrder(START));
const fast = { ...summaryOf(retriedOrder(START)), id: "f".repeat(32) };
const step = { count: 1, errors: 0, coldStarts: 0, retries: 0, durationMs: 40, maxMs: 40 };

const compared: FlowCompareResponse = {
  flow: slow,
  other: fast,
  steps: [
    { kind: "invocation", name: "payment", service: "shop", flow: { ...step, durationMs: 120 }, other: step },
    { kind: "queue", name: "payments-dlq", service: "aws_sqs", flow: step, other: null },
  ],
  hops: [],
  attributes: [
    { key: "error.type", value: "CardDeclined", share: 0.2, otherShare: 0 },
    { key: "faas.name", value: "payment", share: 0.5, otherShare: 0.4 },
  ],
};

afterEach(() => {
  cleanup();
  navigate("/", "replace");
});

it("puts two flows side by side: what only one has, how much longer it took, and where the rest is", async () => {
  stubApi({ [`/api/flows/${slow.id}/compare/${fast.id}`]: compared });
  navigate(`/compare?flow=${slow.id}&with=${fast.id}`, "replace");
  render(<App />);
  const steps = await screen.findByRole("region", { name: "Step by step" });
  const words = within(steps)
    .getAllByRole("row")
    .map((row) => [...row.children].map((cell) => cell.textContent).join(" | "));
  expect(words.slice(1)).toEqual([
    "payment invocation on shop | 120 ms | 40 ms | +80 ms, 3.0×",
    "payments-dlq queue on aws_sqs, 1× and 0× | 40 ms | not there | only here",
  ]);
  const values = screen.getByRole("region", { name: "What their spans say" });
  const link = within(values).getByRole("link", { name: "CardDeclined" });
  expect(new URL(link.getAttribute("href") ?? "", "http://x").searchParams.get("attribute")).toBe(
    "error.type=CardDeclined",
  );
  expect(within(values).getByText(/1 value whose shares differ too little/)).toBeTruthy();
});

it("compares a stretch of time with the one before unless the address says otherwise, and says what it narrows", async () => {
  const api = stubApi({
    "/api/spans/compare": {
      selected: 400,
      base: 9000,
      attributes: [{ key: "faas.version", value: "8", selectedShare: 0.9, baseShare: 0 }],
    },
    "/api/functions": { functions: [] },
    "/api/queues": { queues: [] },
  });
  navigate("/compare?service=shop", "replace");
  render(<App />);
  expect(await screen.findByText(/9,000/)).toBeTruthy();
  expect(screen.getByText(/of shop alone/)).toBeTruthy();
  expect(screen.getByText("8").closest("tr")?.textContent).toContain("360");
  const asked = new URL(api.asked.find((path) => path.startsWith("/api/spans/compare")) ?? "", "http://x").searchParams;
  expect(asked.get("baseTo")).toBe(asked.get("from"));
  fireEvent.click(screen.getByRole("button", { name: "Failed with the rest" }));
  await waitFor(() => expect(window.location.search).toBe("?service=shop&against=failed"));
  await waitFor(() => expect(api.asked.at(-1)).not.toContain("baseFrom"));
});
