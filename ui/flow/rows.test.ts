import { describe, expect, it } from "vitest";
import { bigFlow } from "../fixtures/big-flow.ts";
import { deadLetteredOrder, pendingOrder, retriedOrder } from "../fixtures/checkout-order.ts";
import { indexed } from "../fixtures/indexed.ts";
import { buildRows, findRow, nearestVisible, positionOf, visibleRows, type RowTable } from "./rows.ts";
import type { Row } from "./row.ts";

const START = "2026-11-21T08:30:57.000000000Z";
const outline = (rows: RowTable): string[] =>
  [...rows].map(
    (row) => `${"  ".repeat(row.depth)}${row.kind} ${row.name}${row.tags.map(({ text }) => ` [${text}]`).join("")}`,
  );

describe("the waterfall of a dead-lettered order", () => {
  const rows = buildRows(indexed(deadLetteredOrder(START)));

  it("reads from the request down to what cancelled it, each attempt a row of its own", () => {
    expect(outline(rows)).toEqual([
      "invocation POST /orders [cold 402 ms]",
      "  span init",
      "  span PutItem orders-table",
      "  span send orders",
      "    topic orders",
      "      queue checkout-payments",
      "        invocation payment [attempt 1 of 3] [cold 387 ms]",
      "          span POST api.psp.example/charges",
      "        invocation payment [attempt 2 of 3]",
      "          span POST api.psp.example/charges",
      "        invocation payment [attempt 3 of 3]",
      "          span POST api.psp.example/charges",
      "        dead-letter checkout-payments-dlq [after 3 attempts]",
      "          invocation cancel-order",
      "      queue checkout-inventory",
      "        invocation inventory [1 of 5 messages]",
      "          span UPDATE stock",
    ]);
  });

  it("says why each attempt failed", () => {
    expect([...rows].filter((row) => row.name === "payment").map((row) => row.error)).toEqual([
      "CardDeclined: issuer declined the card ending in 4242: insufficient funds",
      "GatewayTimeout: payment provider did not answer within 800 ms",
      "CardDeclined: issuer declined the card ending in 4242: insufficient funds",
    ]);
  });

  it("keeps time in queue, cold start and code apart on an attempt's bar", () => {
    const first = [...rows].find((row) => row.name === "payment");
    expect(first?.segments.map((segment) => segment.kind)).toEqual(["queue", "init", "run"]);
  });

  it("marks the critical path", () => {
    expect([...rows].filter((row) => row.critical).map((row) => row.name)).toContain("checkout-payments");
    expect([...rows].find((row) => row.name === "checkout-inventory")?.critical).toBe(false);
  });
});

it("shows what nothing has received yet in the place where it was last seen", () => {
  const rows = buildRows(indexed(pendingOrder(START)));
  const missing = [...rows].find((row) => row.kind === "missing");
  expect(missing?.name).toContain("nothing has received it yet");
  expect(rows.at(missing?.parentIndex ?? -1)?.name).toBe("checkout-payments");
});

it("draws every span of a large flow exactly once", () => {
  const response = bigFlow(START, 3000);
  const rows = buildRows(indexed(response));
  const ids = [...rows].filter((row) => row.kind !== "reference").flatMap((row) => row.spanId ?? []);
  expect(ids.length).toBe(3000);
  expect(new Set(ids).size).toBe(3000);
});

it("loses no span that belongs to no node, nor one whose parent is itself", () => {
  const response = retriedOrder(START);
  for (const span of response.spans) if (span.name === "PutItem orders-table") span.parentSpanId = span.spanId;
  response.flow.nodes = response.flow.nodes.filter((node) => node.name !== "inventory");
  response.flow.hops = response.flow.hops.filter((hop) => hop.to !== "inv:0000000000000040");
  const rows = buildRows(indexed(response));
  expect([...rows].map((row) => row.name)).toEqual(
    expect.arrayContaining(["PutItem orders-table", "process checkout-inventory", "UPDATE stock"]),
  );
});

describe("folding", () => {
  const rows = buildRows(indexed(retriedOrder(START)));
  const at = (name: string): number => [...rows].findIndex((row) => row.name === name);

  it("hides all that is below a row and nothing else", () => {
    const visible = visibleRows(rows, new Set([at("checkout-payments")]));
    const names = [...visible].map((index) => rows.at(index)?.name);
    expect(names).not.toContain("payment");
    expect(names).toContain("inventory");
  });

  it("finds the nearest ancestor of a hidden row", () => {
    const visible = visibleRows(rows, new Set([at("checkout-payments")]));
    expect(nearestVisible(rows, visible, at("payment"))).toBe(positionOf(visible, at("checkout-payments")));
  });

  it("shows one subtree alone when focused on it", () => {
    const names = [...visibleRows(rows, new Set(), at("checkout-inventory"))].map((index) => rows.at(index)?.name);
    expect(names).toEqual(["checkout-inventory", "inventory", "UPDATE stock"]);
  });

  it("goes round to the next error and back", () => {
    const failed = (row: Row): boolean => row.kind === "invocation" && row.failed;
    const first = findRow(rows, 0, 1, failed);
    expect(rows.at(first)?.tags[0]?.text).toBe("attempt 1 of 2");
    expect(findRow(rows, first, 1, failed)).toBe(first);
    expect(findRow(rows, 0, -1, failed)).toBe(first);
    expect(findRow(rows, 0, 1, () => false)).toBe(-1);
  });
});
