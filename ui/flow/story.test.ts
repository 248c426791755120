import { describe, expect, it } from "vitest";
import type { FlowResponse } from "@hopscope/schema/flow";
import { bigFlow } from "../fixtures/big-flow.ts";
import { deadLetteredOrder, pendingOrder, retriedOrder } from "../fixtures/checkout-order.ts";
import { indexed } from "../fixtures/indexed.ts";
import { headline, STORY_LINES_MAX, tellStory } from "./story.ts";

const START = "2026-11-21T08:30:57.000000000Z";
const read = (response: FlowResponse): string[] =>
  tellStory(indexed(response)).lines.map(({ words, error }) => {
    const sentence = words.map((word) => (typeof word === "string" ? word : word.strong)).join("");
    return error === undefined ? sentence : `${sentence} — ${error}`;
  });

it("tells how long an order waited, which attempt failed, and why", () => {
  expect(read(deadLetteredOrder(START))).toEqual([
    "POST /orders on checkout-api started cold (402 ms) and ran 51 ms",
    "orders passed the message on to checkout-payments and checkout-inventory",
    "Waited 860 ms in checkout-inventory; inventory, as 1 of 5 messages, ran 18.4 ms",
    "Waited 1.72 s in checkout-payments; payment attempt 1 of 3 started cold (387 ms) and failed after 212 ms — " +
      "CardDeclined: issuer declined the card ending in 4242: insufficient funds",
    "Back in checkout-payments for 30 s; payment attempt 2 of 3 failed after 841 ms — " +
      "GatewayTimeout: payment provider did not answer within 800 ms",
    "Back in checkout-payments for 30 s; payment attempt 3 of 3 failed after 64 ms — " +
      "CardDeclined: issuer declined the card ending in 4242: insufficient funds",
    "Moved to dead-letter queue checkout-payments-dlq after 3 failed attempts",
    "Waited 1.24 s in checkout-payments-dlq; cancel-order ran 38 ms",
  ]);
});

describe("the outcome in one sentence", () => {
  it.for([
    [
      "dead-lettered",
      deadLetteredOrder,
      "payment failed 3 times (last: CardDeclined); its message was moved to checkout-payments-dlq.",
    ],
    ["retried", retriedOrder, "payment failed once (GatewayTimeout) and went through on attempt 2 of 2."],
    [
      "pending",
      pendingOrder,
      "Still under way: last seen entering queue checkout-payments; nothing has received it yet.",
    ],
  ] as const)("%s", ([, make, text]) => {
    expect(headline(indexed(make(START))).text).toBe(text);
  });

  it("is calm where nothing failed", () => {
    const response = pendingOrder(START);
    response.flow.gaps = [];
    expect(headline(indexed(response))).toEqual({ tone: "ok", text: "Everything went through in 1.32 s." });
  });
});

it("tells of a message that was sent back what failed before, and that it went through", () => {
  const response = deadLetteredOrder(START);
  const { flow } = response;
  const attempts = flow.hops.filter(({ kind, failed }) => kind === "receive" && failed === true);
  const last = attempts.at(-1);
  if (!last) throw new Error("no attempt failed");
  const { failed: _, ...again } = { ...last, attempt: 1, sentTime: "2026-11-21T08:40:00.000000000Z" };
  flow.hops.push({ ...again, receivedTime: "2026-11-21T08:40:01.000000000Z" });
  flow.status = "unset";
  expect(headline(indexed(response))).toEqual({
    tone: "warn",
    text:
      "payment failed 3 times (last: CardDeclined); its message was moved to checkout-payments-dlq, and went through " +
      "later.",
  });
  expect(read(response)).toContain("Moved to dead-letter queue checkout-payments-dlq after 3 failed attempts");
});

it("keeps a huge flow's story short and says how much it leaves out", () => {
  const story = tellStory(indexed(bigFlow(START, 2000)));
  expect(story.lines.length).toBeLessThanOrEqual(STORY_LINES_MAX);
  expect(story.lines.length + story.omitted).toBe(31);
});
