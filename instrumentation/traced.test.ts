/** The wrapper in a long-running process, against a real OTLP endpoint. */
import type * as hopscope from "./index.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCollector, type TestCollector } from "./testing/collector.ts";
import type { ReceivedSpan } from "./testing/otlp-decoder.ts";

let collector: TestCollector;
let traced: typeof hopscope.traced;

beforeAll(async () => {
  collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.OTEL_BSP_SCHEDULE_DELAY = "10";
  process.env.OTEL_SERVICE_NAME = "inventory";
  ({ traced } = await import("./index.ts"));
});
beforeEach(() => {
  collector.spans.length = 0;
});
afterAll(() => collector.close());

const PRODUCER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceParent = (n = 1): string => `00-${PRODUCER.traceId}-b7ad6b716920333${n}-01`;

function message(id: string, traceparent?: string) {
  return {
    MessageId: id,
    ReceiptHandle: `r-${id}`,
    Body: `body of ${id}`,
    Attributes: { SentTimestamp: "1763712000000", ApproximateReceiveCount: "2" },
    ...(traceparent && { MessageAttributes: { traceparent: { DataType: "String", StringValue: traceparent } } }),
  };
}

const named = (name: string) => (spans: ReceivedSpan[]) => spans.some((span) => span.name === name);

describe("traced", () => {
  it("returns what the handler returns and passes this and all arguments", async () => {
    const handler = traced(function (this: { base: number }, a: unknown, b: number) {
      return Promise.resolve([a, this.base + b]);
    });
    expect(await handler.call({ base: 40 }, "event", 2)).toEqual(["event", 42]);
    await collector.waitFor((spans) => spans.length > 0);
  });

  it("continues the trace of a single message", async () => {
    await traced(async (_: unknown) => undefined)({ Messages: [message("one", traceParent())] });
    const [span] = await collector.waitFor((spans) => spans.length > 0);
    expect(span).toMatchObject({
      traceId: PRODUCER.traceId,
      parentSpanId: PRODUCER.spanId,
      kind: "consumer",
      name: "process",
      resource: { "service.name": "inventory" },
      attributes: {
        "messaging.system": "aws_sqs",
        "messaging.message.id": "one",
        "hopscope.message.keys": ["aws_sqs:one"],
        "hopscope.message.receive_count": 2,
        "hopscope.message.sent_ms": 1_763_712_000_000,
      },
    });
  });

  it("links a batch to every producer, and keeps the identity of a message without a context", async () => {
    const batch = [message("a", traceParent(1)), message("b", traceParent(2)), message("c")];
    await traced(async (_: unknown) => undefined)(batch);
    const [span] = await collector.waitFor((spans) => spans.length > 0);
    expect(span?.parentSpanId).toBe("");
    expect(span?.links.map((link) => [link.spanId, link.attributes["messaging.message.id"]])).toEqual([
      ["b7ad6b7169203331", "a"],
      ["b7ad6b7169203332", "b"],
    ]);
    expect(span?.events).toMatchObject([{ name: "hopscope.message", attributes: { "messaging.message.id": "c" } }]);
    expect(span?.attributes["hopscope.message.keys"]).toEqual(["aws_sqs:a", "aws_sqs:b", "aws_sqs:c"]);
    expect(span?.attributes["messaging.batch.message_count"]).toBe(3);
  });

  it("says of a batch that was given back in part which records those were", async () => {
    const batch = [message("a", traceParent(1)), message("b", traceParent(2)), message("c"), message("d")];
    const given = { batchItemFailures: [{ itemIdentifier: "b" }, { itemIdentifier: "d" }] };
    expect(await traced(async (_: unknown) => given)(batch)).toBe(given);
    const [span] = await collector.waitFor((spans) => spans.length > 0);
    expect(span?.status).toEqual({ code: 2, message: "2 of 4 records failed" });
    const records = [...(span?.links ?? []), ...(span?.events ?? [])].map(({ attributes }) => attributes);
    expect(records.map((record) => [record["messaging.message.id"], record["hopscope.message.returned"] ?? false])).toEqual([
      ["a", false],
      ["b", true],
      ["c", false],
      ["d", true],
    ]);
  });

  it.for([[new TypeError("no stock"), "TypeError"], ["text", "string"], [undefined, "undefined"], [0, "number"]] as const)(
    "throws %s on untouched and records it",
    async ([thrown, type]) => {
      const handler = traced(async () => {
        throw thrown as Error;
      });
      const caught = await handler().then(
        () => "nothing thrown",
        (error: unknown) => ({ error }),
      );
      expect(caught).toEqual({ error: thrown });
      const [span] = await collector.waitFor((spans) => spans.length > 0);
      expect(span?.status.code).toBe(2);
      expect(span?.attributes["error.type"]).toBe(type);
    },
  );
});

describe("traced.each", () => {
  it("handles every record in the trace of its producer and reports those that failed", async () => {
    const seen: string[] = [];
    const handler = traced.each(async (record: ReturnType<typeof message>) => {
      seen.push(record.MessageId);
      if (record.MessageId === "b") throw new Error("no stock");
    });
    const result = await handler([message("a", traceParent(1)), message("b", traceParent(2)), message("c")]);
    expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: "b" }] });
    expect(seen.toSorted()).toEqual(["a", "b", "c"]);
    const spans = await collector.waitFor((all) => all.length >= 4 && named("receive")(all));
    const invocation = spans.find((span) => span.name === "receive");
    const records = spans.filter((span) => span.name === "process");
    expect(invocation?.status).toEqual({ code: 2, message: "1 of 3 records failed" });
    expect(invocation?.attributes["error.type"]).toBe("batch_item_failures");
    expect(records).toHaveLength(3);
    for (const record of records) expect(record.links[0]?.spanId).toBe(invocation?.spanId);
    const failed = records.find((span) => span.attributes["messaging.message.id"] === "b");
    expect(failed).toMatchObject({
      traceId: PRODUCER.traceId,
      parentSpanId: "b7ad6b7169203332",
      status: { code: 2 },
      attributes: { "hopscope.message.returned": true },
    });
    const without = records.find((span) => span.attributes["messaging.message.id"] === "c");
    expect(without?.parentSpanId).toBe("");
    expect(without?.traceId).not.toBe(PRODUCER.traceId);
  });

  it("continues the trace of a single record and handles it in a child", async () => {
    await traced.each(async () => undefined)([message("a", traceParent())]);
    const spans = await collector.waitFor((all) => all.length >= 2);
    const invocation = spans.find((span) => span.name === "receive");
    expect(invocation?.parentSpanId).toBe(PRODUCER.spanId);
    expect(spans.find((span) => span.name === "process")?.parentSpanId).toBe(invocation?.spanId);
  });
});
