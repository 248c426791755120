import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { InvocationOutcome } from "./runtime-api.ts";
import { startSqsEventSource, type SqsEventSource, type SqsEventSourceOptions } from "./sqs-event-source.ts";
import type { SqsRecord } from "./sqs-record.ts";
import { ACCOUNT_ID, REGION, startAws, type LocalAws } from "./start-aws.ts";

let aws: LocalAws;
let client: SQSClient;
let sources: SqsEventSource[] = [];
let queues = 0;

beforeAll(async () => {
  aws = await startAws();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new SQSClient({ endpoint: aws.endpoint, region: REGION, credentials });
});
afterEach(async () => {
  await Promise.all(sources.map((source) => source.stop()));
  sources = [];
});
afterAll(async () => {
  client.destroy();
  await aws.stop();
});

interface Queue {
  readonly url: string;
  readonly arn: string;
}
async function newQueue(attributes: Record<string, string> = {}): Promise<Queue> {
  const name = `queue-${++queues}`;
  await client.send(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: "0", ...attributes } }));
  return { url: aws.queueUrl(name), arn: `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:${name}` };
}

const ok = (value: unknown = null): InvocationOutcome => ({
  kind: "response",
  body: Buffer.from(JSON.stringify(value)),
  streamed: false,
});
const failed: InvocationOutcome = { kind: "error", errorType: "Error", errorMessage: "no" };

/** Feeds a queue to `handle`; answers the batches seen so far, grown as they come. */
function consume(
  queue: Queue,
  handle: (records: SqsRecord[]) => InvocationOutcome,
  options: Partial<SqsEventSourceOptions> = {},
): SqsRecord[][] {
  const batches: SqsRecord[][] = [];
  const invoke = (event: unknown): Promise<InvocationOutcome> => {
    const { Records } = event as { Records: SqsRecord[] };
    batches.push(Records);
    return Promise.resolve(handle(Records));
  };
  sources.push(
    startSqsEventSource({
      client,
      queueUrl: queue.url,
      queueArn: queue.arn,
      target: { name: "test", invoke },
      concurrency: 1,
      ...options,
    }),
  );
  return batches;
}

async function isEmpty(queue: Queue): Promise<boolean> {
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const command = new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: [...AttributeNames] });
  const { Attributes } = await client.send(command);
  return AttributeNames.every((name) => Attributes?.[name] === "0");
}

describe("an SQS event source", () => {
  it("hands over records in the form that Lambda gives them", async () => {
    const queue = await newQueue();
    await client.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: "hello",
        MessageAttributes: {
          traceparent: { DataType: "String", StringValue: "00-aa-bb-01" },
          bin: { DataType: "Binary", BinaryValue: new Uint8Array([1, 255]) },
        },
        MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-a-b" } },
      }),
    );
    const batches = consume(queue, () => ok());
    await vi.waitUntil(() => batches.length > 0);
    expect(batches[0]?.[0]).toEqual({
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      receiptHandle: expect.any(String),
      body: "hello",
      attributes: {
        SenderId: expect.any(String),
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        ApproximateReceiveCount: "1",
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        AWSTraceHeader: "Root=1-a-b",
      },
      messageAttributes: {
        traceparent: { stringValue: "00-aa-bb-01", stringListValues: [], binaryListValues: [], dataType: "String" },
        bin: { binaryValue: "Af8=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
      },
      md5OfBody: "5d41402abc4b2a76b9719d911017c592",
      md5OfMessageAttributes: expect.any(String),
      eventSource: "aws:sqs",
      eventSourceARN: queue.arn,
      awsRegion: REGION,
    });
    await vi.waitUntil(() => isEmpty(queue));
  });

  it("takes no more than the batch size, and fills a batch within its window", async () => {
    const queue = await newQueue({ VisibilityTimeout: "30" });
    const Entries = ["1", "2", "3", "4", "5"].map((Id) => ({ Id, MessageBody: Id }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    const small = consume(queue, () => ok(), { batchSize: 2 });
    await vi.waitUntil(() => small.flat().length === 5);
    expect(small.map((batch) => batch.length)).toEqual([2, 2, 1]);

    // Another queue: the poll that was just given up may still take a message, as on AWS.
    const other = await newQueue({ VisibilityTimeout: "30" });
    const windowed = consume(other, () => ok(), { batchSize: 3, batchingWindowMs: 5_000 });
    for (const MessageBody of ["a", "b", "c"]) {
      await client.send(new SendMessageCommand({ QueueUrl: other.url, MessageBody }));
    }
    await vi.waitUntil(() => windowed.length > 0, { timeout: 6_000 });
    expect(windowed[0]).toHaveLength(3);
  });

  it("delivers only the failed messages again", async () => {
    const queue = await newQueue();
    const Entries = ["good", "bad"].map((body) => ({ Id: body, MessageBody: body }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    const batches = consume(
      queue,
      (records) => {
        const bad = records.filter((record) => record.body === "bad" && attemptOf(record) < 3);
        return ok({ batchItemFailures: bad.map((record) => ({ itemIdentifier: record.messageId })) });
      },
      { reportBatchItemFailures: true },
    );
    await vi.waitUntil(() => isEmpty(queue));
    const deliveries = batches.flat().map((record) => `${record.body} ${attemptOf(record)}`);
    expect(deliveries.toSorted()).toEqual(["bad 1", "bad 2", "bad 3", "good 1"]);
  });

  it("moves a message that always fails to the dead-letter queue", async () => {
    const dead = await newQueue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
    const queue = await newQueue({ RedrivePolicy });
    await client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: "m" }));
    const attempts = consume(queue, () => failed);
    const letters = consume(dead, () => ok());
    await vi.waitUntil(() => letters.length === 1, { timeout: 5_000 });
    expect(attempts.flat().map(attemptOf)).toEqual([1, 2]);
    expect(letters[0]?.[0]?.attributes["DeadLetterQueueSourceArn"]).toBe(queue.arn);
    expect(letters[0]?.[0]?.messageId).toBe(attempts[0]?.[0]?.messageId);
  });
});

function attemptOf(record: SqsRecord): number {
  return Number(record.attributes["ApproximateReceiveCount"]);
}
