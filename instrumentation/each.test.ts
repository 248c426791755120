/** `traced.each`: order, concurrency, and what each source wants to hear of a failure. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { sqsRecord } from "./events/sqs.cases.ts";
import type * as Hopscope from "./index.ts";
import { startCollector, type TestCollector } from "./testing/collector.ts";

let traced: typeof Hopscope.traced;
let collector: TestCollector;

beforeAll(async () => {
  collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.OTEL_BSP_SCHEDULE_DELAY = "10";
  ({ traced } = await import("./index.ts"));
});
beforeEach(() => {
  collector.spans.length = 0;
});
afterAll(() => collector.close());

const messages = (count: number): object[] =>
  Array.from({ length: count }, (_, n) => sqsRecord({ messageId: String(n) }));
const failing =
  (...ids: string[]) =>
  async (record: { messageId?: string; id?: string }) => {
    if (ids.includes(record.messageId ?? record.id ?? "")) throw new Error("failed");
  };
const fifo = (messageId: string, MessageGroupId: string): object =>
  sqsRecord({ messageId, eventSourceARN: "arn:aws:sqs:us-east-2:1:q.fifo", attributes: { MessageGroupId } });
const stream = (eventSource: string, id: string): object =>
  eventSource === "aws:kinesis"
    ? { id, eventSource, eventID: `shard:${id}`, eventSourceARN: "arn:aws:kinesis:a:1:stream/s", kinesis: { sequenceNumber: id } }
    : { id, eventSource, eventSourceARN: "arn:aws:dynamodb:a:1:table/t/stream/1", dynamodb: { SequenceNumber: id, Keys: {} } };

describe("what is reported", () => {
  it.for([
    ["SQS: those that failed", messages(4), ["1", "3"], ["1", "3"]],
    ["SQS: nothing", messages(4), [], []],
    ["SQS: all", messages(2), ["0", "1"], ["0", "1"]],
    [
      "FIFO: what follows a failure in its group, in order, and nothing of other groups",
      [fifo("1", "a"), fifo("2", "b"), fifo("3", "a"), fifo("4", "b"), fifo("5", "a")],
      ["3"],
      ["3", "5"],
    ],
    ["Kinesis: the first alone, from which Lambda goes on", ["1", "2", "3"].map((id) => stream("aws:kinesis", id)), ["2"], ["2"]],
    ["DynamoDB: the first alone", ["1", "2", "3"].map((id) => stream("aws:dynamodb", id)), ["2", "3"], ["2"]],
  ] as const)("%s", async ([, Records, failed, expected]) => {
    const result = await traced.each(failing(...failed))({ Records: [...Records] });
    expect(result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(expected);
  });

  it("throws the first failure where a source has no partial failures, after every record was tried", async () => {
    const seen: string[] = [];
    const record = (MessageId: string): object => ({ EventSource: "aws:sns", Sns: { MessageId, TopicArn: "a:b:c" } });
    const handler = traced.each((given: { Sns?: { MessageId: string } }) => {
      seen.push(given.Sns?.MessageId ?? "");
      if (given.Sns?.MessageId === "1") throw new Error("one failed");
    });
    await expect(handler({ Records: [record("1"), record("2")] })).rejects.toThrow("one failed");
    expect(seen).toEqual(["1", "2"]);
  });
});

describe("how records are handled", () => {
  async function run(Records: object[], concurrency?: number) {
    let active = 0;
    let most = 0;
    const order: string[] = [];
    const handler = traced.each(
      async (record: { messageId?: string; id?: string }) => {
        most = Math.max(most, ++active);
        await new Promise(setImmediate);
        order.push(record.messageId ?? record.id ?? "");
        active--;
      },
      concurrency === undefined ? {} : { concurrency },
    );
    await handler({ Records });
    return { most, order };
  }

  it("up to ten at a time", async () => {
    expect(await run(messages(25))).toMatchObject({ most: 10 });
  });
  it("as many at a time as is asked for", async () => {
    expect(await run(messages(25), 3)).toMatchObject({ most: 3 });
  });
  it("in order within a FIFO group, beside other groups", async () => {
    const Records = ["1", "2", "3", "4", "5", "6"].map((id) => fifo(id, Number(id) % 2 ? "odd" : "even"));
    const { most, order } = await run(Records);
    expect(most).toBe(2);
    expect(order.filter((id) => Number(id) % 2)).toEqual(["1", "3", "5"]);
    expect(order.filter((id) => !(Number(id) % 2))).toEqual(["2", "4", "6"]);
  });
  it.for(["aws:kinesis", "aws:dynamodb"])("one after the other for %s", async (source) => {
    const ids = ["1", "2", "3", "4"];
    expect(await run(ids.map((id) => stream(source, id)), 100)).toEqual({ most: 1, order: ids });
  });

  it("hands every record and the platform's context on as they are", async () => {
    const record = sqsRecord();
    const context = { awsRequestId: "r" };
    const handler = vi.fn();
    await traced.each(handler)({ Records: [record] }, context);
    expect(handler.mock.calls).toEqual([[record, context]]);
    expect(handler.mock.calls[0]?.[0]).toBe(record);
  });

  it.for([[null], [undefined], ["text"], [{}], [{ Records: [] }], [{ Records: null }], [[]]])(
    "an event of %j is an empty batch",
    async ([event]) => {
      const handler = vi.fn();
      expect(await traced.each(handler)(event as never)).toEqual({ batchItemFailures: [] });
      expect(handler).not.toHaveBeenCalled();
    },
  );

  it("a poll that brought nothing makes no span, one of messages that nobody knows does", async () => {
    const handler = traced.each(async (_: unknown) => undefined, { name: "poll" });
    for (const empty of [[], { Messages: [] }, { Messages: undefined }]) await handler(empty);
    await handler([{ unknown: 1 }]);
    const polls = () => collector.spans.filter(({ name }) => name === "poll");
    await collector.waitFor(() => polls().length > 0);
    expect(polls()).toHaveLength(1);
  });

  it("an event that cannot be read is an empty batch", async () => {
    const hostile = Object.defineProperty({}, "Records", {
      get() {
        throw new Error("not for you");
      },
    });
    const handler = vi.fn();
    expect(await traced.each(handler)(hostile as never)).toEqual({ batchItemFailures: [] });
    expect(handler).not.toHaveBeenCalled();
  });

  it("records of an unknown kind are handled all the same", async () => {
    const handler = vi.fn();
    await traced.each(handler)({ Records: [{ a: 1 }, { a: 2 }] });
    expect(handler).toHaveBeenCalledTimes(2);
  });
});

describe("a wrong option", () => {
  it("is reported once, by name and with what is allowed, and ignored", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    for (let n = 0; n < 2; n++) traced.each(async () => undefined, { concurrency: 0, flushBudgetMs: "1", speed: 9 } as never);
    expect(warn.mock.calls.map(([text]) => text as string)).toEqual([
      'hopscope: unknown option "speed"; known are name, attributes, flushBudgetMs, concurrency, capturePayload',
      "hopscope: option flushBudgetMs must be a number from 0 to 900000; it is ignored",
      "hopscope: option concurrency must be a whole number from 1 to 1000; it is ignored",
    ]);
    warn.mockRestore();
  });

  it("is reported by the member that is wrong, and the others of it count", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const attributes = { team: "shop", nothing: null, nested: {} };
    traced(async () => undefined, { attributes } as never);
    expect(warn.mock.calls.map(([text]) => text as string)).toEqual([
      "hopscope: option attributes.nothing must be string, number or boolean; it is ignored",
      "hopscope: option attributes.nested must be string, number or boolean; it is ignored",
    ]);
    warn.mockRestore();
  });

  it("does not break the wrapping, however hostile", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const throwing = new Proxy({}, {
      get() {
        throw new Error("not for you");
      },
    });
    expect(await traced(async () => "answer", throwing as never)()).toBe("answer");
    expect(warn).toHaveBeenCalledWith("hopscope: reading options failed: Error: not for you");
    warn.mockRestore();
  });
});
