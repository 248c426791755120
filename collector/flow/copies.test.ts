/** An operator takes a message out of a dead-letter queue and sends a copy of it: nothing of that is recorded. */
import { describe, expect, it } from "vitest";
import type { Attributes, Flow } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, spanIdOf, TEST_EPOCH_MS, traceIdOf, type SpanInput } from "./test-spans.ts";

function message(id: string, queue = "payments", rest: Attributes = {}): Attributes {
  return {
    "messaging.system": "aws_sqs",
    "messaging.destination.name": queue,
    "messaging.message.id": id,
    "hopscope.message.sent_ms": TEST_EPOCH_MS + 10,
    ...rest,
  };
}

const api: SpanInput = { trace: "t", id: "api", kind: "server", service: "api", ms: 20 };
const send: SpanInput = { trace: "t", id: "send", parent: "api", kind: "producer", service: "api", at: 5, ms: 5, attributes: message("m1") };

function attempt(id: string, at: number, attributes: Attributes, failed: boolean): SpanInput {
  return {
    trace: "t",
    id,
    parent: "send",
    kind: "consumer",
    service: "payment",
    at,
    ms: 30,
    attributes,
    status: failed ? "error" : "unset",
  };
}

function flowOf(...inputs: SpanInput[]): Flow {
  return buildFlow(inputs.map(span), { traceId: traceIdOf("t") })?.flow ?? expect.fail("no flow");
}

const attempts = [attempt("one", 50, message("m1"), true), attempt("two", 150, message("m1"), true)];
const waitingOf = ({ gaps }: Flow) => gaps.filter(({ kind }) => kind === "waiting-for-retry").map(({ messageId }) => messageId);

describe("a message copied by hand", () => {
  it("waits no more for its retry once its copy arrived, and the flow came out well", () => {
    const before = flowOf(api, send, ...attempts);
    expect([waitingOf(before), before.status]).toEqual([["m1"], "error"]);
    const after = flowOf(api, send, ...attempts, attempt("copied", 60_000, message("m2"), false));
    expect([waitingOf(after), after.status]).toEqual([[], "unset"]);
    const last = after.hops.at(-1);
    expect(last).toMatchObject({ kind: "receive", to: `inv:${spanIdOf("copied")}`, messageId: "m2" });
  });

  it("waits for the retry of the copy where that failed too", () => {
    const flow = flowOf(api, send, ...attempts, attempt("copied", 60_000, message("m2"), true));
    expect([waitingOf(flow), flow.status]).toEqual([["m2"], "error"]);
  });

  it("still waits where what arrived later is in another queue", () => {
    const flow = flowOf(api, send, ...attempts, attempt("mail", 60_000, message("m3", "mails"), false));
    expect(waitingOf(flow)).toEqual(["m1"]);
  });

  it("still waits where what arrived is another message of the same sending", () => {
    const keys = { "hopscope.message.keys": ["aws_sqs:m1", "aws_sqs:m2"], "messaging.batch.message_count": 2 };
    const { "messaging.message.id": _id, ...batch } = message("m1");
    const sent = { ...send, attributes: { ...batch, ...keys } };
    const flow = flowOf(api, sent, ...attempts, attempt("other", 60_000, message("m2"), false));
    expect(waitingOf(flow)).toEqual(["m1"]);
  });

  it("is told from the others of a topic's batch by the topic's id", () => {
    const keysOf = (own: string, topic: string) => ({ "hopscope.message.keys": [`aws_sqs:${own}`, `aws.sns:${topic}`] });
    const keys = { "hopscope.message.keys": ["aws.sns:n1", "aws.sns:n2"], "messaging.batch.message_count": 2 };
    const { "messaging.message.id": _id, ...batch } = message("", "orders");
    const sent = { ...send, attributes: { ...batch, ...keys, "messaging.system": "aws.sns" } };
    const first = attempt("one", 50, message("m1", "payments", keysOf("m1", "n1")), true);
    const copy = attempt("copied", 60_000, message("m9", "payments", keysOf("m9", "n1")), false);
    const other = attempt("other", 60_000, message("m2", "payments", keysOf("m2", "n2")), false);
    expect(waitingOf(flowOf(api, sent, first, other))).toEqual(["m1"]);
    expect(waitingOf(flowOf(api, sent, first, other, copy))).toEqual([]);
  });
});
