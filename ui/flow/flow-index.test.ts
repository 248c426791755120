import { describe, expect, it } from "vitest";
import { deadLetteredOrder, pendingOrder, retriedOrder } from "../fixtures/checkout-order.ts";
import { indexed } from "../fixtures/indexed.ts";
import { timeShares } from "./time-share.ts";

const START = "2026-11-21T08:30:57.000000000Z";
const PAYMENTS = "queue:aws_sqs:checkout-payments";

describe("attempts", () => {
  it("waits from sending for the first, and from the failure before for the next", () => {
    const index = indexed(retriedOrder(START));
    const waits = index.deliveriesFrom.get(PAYMENTS)?.map(({ attempt, attempts, failed, waited }) => ({
      attempt,
      attempts,
      failed,
      waitedMs: waited ? Math.round(waited.toMs - waited.fromMs) : undefined,
    }));
    expect(waits).toEqual([
      { attempt: 1, attempts: 2, failed: true, waitedMs: 2103 },
      { attempt: 2, attempts: 2, failed: false, waitedMs: 29_436 },
    ]);
  });

  it("knows a wait by its length where the instants are not given", () => {
    const response = retriedOrder(START);
    for (const hop of response.flow.hops) {
      delete hop.sentTime;
      delete hop.receivedTime;
    }
    const first = indexed(response).deliveriesFrom.get(PAYMENTS)?.[0];
    expect(first?.waited?.toMs).toBeCloseTo(2549, 3);
    expect(first?.waited?.fromMs).toBeCloseTo(446, 3);
  });
});

describe("the bar of the header", () => {
  it.for([
    ["dead-lettered", deadLetteredOrder],
    ["retried", retriedOrder],
    ["pending", pendingOrder],
  ] as const)("adds up to the whole flow: %s", ([, make]) => {
    const index = indexed(make(START));
    const shares = timeShares(index);
    const sum = Object.values(shares).reduce((total, part) => total + part, 0);
    expect(sum).toBeCloseTo(index.window.toMs - index.window.fromMs, 6);
    expect(Math.min(...Object.values(shares))).toBeGreaterThanOrEqual(0);
  });

  it("keeps waiting for a retry apart from waiting in a queue", () => {
    const shares = timeShares(indexed(deadLetteredOrder(START)));
    expect(Math.round(shares.init)).toBe(402 + 387);
    expect(shares.retry).toBeGreaterThan(85_000);
    expect(shares.queue).toBeLessThan(4000);
  });
});
