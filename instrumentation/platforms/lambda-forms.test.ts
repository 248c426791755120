/** Handlers of unusual forms, called as Lambda's runtime calls them, in this process. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type * as Hopscope from "../index.ts";
import { startCollector, type TestCollector } from "../testing/collector.ts";

let traced: typeof Hopscope.traced;
let collector: TestCollector;

beforeAll(async () => {
  collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.AWS_LAMBDA_FUNCTION_NAME = "fn";
  ({ traced } = await import("../index.ts"));
});
beforeEach(() => {
  collector.spans.length = 0;
});
afterAll(() => collector.close());

const REMAINING_MS = 30_000;
const context = { awsRequestId: "r1", functionName: "fn", getRemainingTimeInMillis: () => REMAINING_MS };
const invocation = () => collector.spans.find(({ name }) => name !== "init");

/** What a library may return in place of a promise: its `then` gives nothing back. */
const thenable = (settle: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) => ({
  then: (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => settle(resolve, reject),
});

describe("a handler that returns a thenable", () => {
  it("answers with what that resolves to", async () => {
    const handler = traced((_event: unknown, _context: unknown) => thenable((resolve) => resolve("answer")));
    expect(await handler({}, context)).toBe("answer");
    expect(invocation()?.status.code).toBe(0);
  });

  it("fails with what that rejects with, and rejects nothing else", async () => {
    const handler = traced((_event: unknown, _context: unknown) => thenable((_, reject) => reject(undefined)));
    const failed = await Promise.resolve(handler({}, context)).catch((error: unknown) => ({ error }));
    expect(failed).toEqual({ error: undefined });
    expect(invocation()?.status.code).toBe(2);
  });
});

it("a streaming handler that was wrapped inside of streamifyResponse knows its invocation", async () => {
  const handler = traced(async (_event: unknown, _stream: unknown, _context: unknown) => undefined);
  await handler({}, { write: () => true }, context);
  expect(invocation()?.attributes).toMatchObject({ "faas.invocation_id": "r1", "hopscope.remaining_time_ms": REMAINING_MS });
});

it("a context that cannot be changed breaks no handler with a callback", async () => {
  const frozen = Object.freeze({ ...context, done: () => undefined, fail: () => undefined, succeed: () => undefined });
  const handler = traced((_event: unknown, _context: unknown, callback: (error: unknown, result: unknown) => void) => {
    callback(null, "called back");
  });
  expect(await new Promise((resolve) => handler({}, frozen, (_error, result) => resolve(result)))).toBe("called back");
});

describe("what a destination of the function will be told", () => {
  const keysFor = async (event: unknown): Promise<unknown> => {
    await traced(async (_event: unknown, _context: unknown) => undefined)(event, context);
    return invocation()?.attributes["hopscope.message.keys"];
  };

  it("is among the identities of what invokes asynchronously, and of a stream's batch", async () => {
    const Sns = { MessageId: "m1", TopicArn: "a:b:orders" };
    expect(await keysFor({ Records: [{ EventSource: "aws:sns", Sns }] })).toEqual(["aws.sns:m1", "aws.lambda:r1"]);
  });

  it("is not where a queue's poller keeps what failed", async () => {
    const record = { eventSource: "aws:sqs", messageId: "m1", eventSourceARN: "a:b:queue" };
    expect(await keysFor({ Records: [record] })).toEqual(["aws_sqs:m1"]);
  });
});
