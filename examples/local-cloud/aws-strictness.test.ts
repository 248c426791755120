import {
  CreateTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
  type MessageAttributeValue,
} from "@aws-sdk/client-sns";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
  type ReceiveMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT_ID, REGION, startAws, type LocalAws } from "./start-aws.ts";

const METADATA = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html";
const TRACE_HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

let aws: LocalAws;
let sqs: SQSClient;
let sns: SNSClient;
let queues = 0;

beforeAll(async () => {
  aws = await startAws();
  const config = {
    endpoint: aws.endpoint,
    region: REGION,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  sqs = new SQSClient(config);
  sns = new SNSClient(config);
});
afterAll(async () => {
  sqs.destroy();
  sns.destroy();
  await aws.stop();
});

const text = (value: string): MessageAttributeValue => ({ DataType: "String", StringValue: value });
const many = (count: number): Record<string, MessageAttributeValue> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`name${i}`, text("x")]));

async function newQueue(attributes: Record<string, string> = {}): Promise<{ url: string; arn: string }> {
  const name = `queue-${++queues}`;
  await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return { url: aws.queueUrl(name), arn: `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:${name}` };
}

async function receive(url: string, input: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  const answer = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, ...input }),
  );
  return answer.Messages ?? [];
}

describe(`SQS attributes (source: ${METADATA})`, () => {
  it.for([
    ["eleven", many(11), /exceeds the allowed maximum/],
    ["an empty one", { empty: text("") }, /non-empty/],
    ["a reserved name", { "AWS.mine": text("x") }, /reserved prefix/],
  ] as const)("refuses a message with %s", async ([, MessageAttributes, reason]) => {
    const { url } = await newQueue();
    const sent = sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "m", MessageAttributes }));
    await expect(sent).rejects.toMatchObject({ name: "InvalidParameterValue", message: expect.stringMatching(reason) as unknown });
  });

  it("refuses only the entries of a batch that are wrong", async () => {
    const { url } = await newQueue();
    const Entries = [
      { Id: "good", MessageBody: "good" },
      { Id: "bad", MessageBody: "bad", MessageAttributes: many(11) },
    ];
    const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    expect(answer.Successful?.map((entry) => entry.Id)).toEqual(["good"]);
    expect(answer.Failed).toMatchObject([{ Id: "bad", Code: "InvalidParameterValue", SenderFault: true }]);
    expect((await receive(url)).map((message) => message.Body)).toEqual(["good"]);
  });

  it("answers a batch of which every entry is wrong", async () => {
    const { url } = await newQueue();
    const Entries = [{ Id: "bad", MessageBody: "bad", MessageAttributes: many(11) }];
    const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    expect(answer.Failed?.map((entry) => entry.Id)).toEqual(["bad"]);
  });
});

describe("SQS receive (source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html)", () => {
  it.for([
    ["none", undefined, undefined],
    ["one by name", ["traceparent"], ["traceparent"]],
    ["by prefix", ["app.*"], ["app.kind"]],
    ["all", ["All"], ["app.kind", "traceparent"]],
    ["an unknown name", ["other"], undefined],
  ] as const)("returns the attributes asked for: %s", async ([, names, expected]) => {
    const { url } = await newQueue();
    const MessageAttributes = { traceparent: text("00-aa-bb-01"), "app.kind": text("order") };
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "m", MessageAttributes }));
    const [message] = await receive(url, names === undefined ? {} : { MessageAttributeNames: [...names] });
    const got = message?.MessageAttributes;
    expect(got === undefined ? undefined : Object.keys(got).toSorted()).toEqual(expected);
  });

  it("returns AWSTraceHeader beside ten attributes, of single messages and of batch entries", async () => {
    const { url } = await newQueue();
    const system = { AWSTraceHeader: { DataType: "String", StringValue: TRACE_HEADER } } as const;
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: "single",
        MessageAttributes: many(10),
        MessageSystemAttributes: system,
      }),
    );
    const Entries = [{ Id: "1", MessageBody: "batch", MessageSystemAttributes: system }];
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    const messages = await receive(url, { MessageSystemAttributeNames: ["AWSTraceHeader"] });
    expect(messages.map((message) => message.Attributes?.AWSTraceHeader)).toEqual([TRACE_HEADER, TRACE_HEADER]);
  });

  it("says from which queue a dead letter came, keeps its id, and goes on counting receives", async () => {
    const dead = await newQueue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
    const source = await newQueue({ RedrivePolicy, VisibilityTimeout: "0" });
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: source.url, MessageBody: "m" }));
    const [first] = await receive(source.url, { MessageSystemAttributeNames: ["All"] });
    expect(first?.Attributes).not.toHaveProperty("DeadLetterQueueSourceArn");
    expect(await receive(source.url, { WaitTimeSeconds: 0 })).toEqual([]);
    const [letter] = await receive(dead.url, { MessageSystemAttributeNames: ["All"] });
    expect(letter?.MessageId).toBe(sent.MessageId);
    expect(letter?.Attributes?.DeadLetterQueueSourceArn).toBe(source.arn);
    // "The number of times a message has been received across all queues but not deleted."
    expect([first, letter].map((message) => message?.Attributes?.ApproximateReceiveCount)).toEqual(["1", "2"]);
  });
});

describe("SQS receipt handles (source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html)", () => {
  it("refuses one that was never given out", async () => {
    const { url } = await newQueue();
    const handle = { QueueUrl: url, ReceiptHandle: "6f1d7a37-0000-4000-8000-000000000000" };
    await expect(sqs.send(new DeleteMessageCommand(handle))).rejects.toMatchObject({ name: "ReceiptHandleIsInvalid" });
    const visibility = new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 0 });
    await expect(sqs.send(visibility)).rejects.toMatchObject({ name: "ReceiptHandleIsInvalid" });
  });

  it("deletes by the handles it gave out, and reports the bogus one of a batch", async () => {
    const { url } = await newQueue();
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "m" }));
    const [message] = await receive(url);
    const Entries = [
      { Id: "good", ReceiptHandle: message?.ReceiptHandle },
      { Id: "bad", ReceiptHandle: "bogus" },
    ];
    const answer = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    expect(answer.Successful?.map((entry) => entry.Id)).toEqual(["good"]);
    expect(answer.Failed).toMatchObject([{ Id: "bad", Code: "ReceiptHandleIsInvalid" }]);
  });
});

describe("SNS (source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html)", () => {
  async function newTopic(): Promise<{ topicArn: string; raw: string; wrapped: string }> {
    const topic = await sns.send(new CreateTopicCommand({ Name: `topic-${queues}` }));
    const topicArn = topic.TopicArn ?? "";
    const raw = await newQueue();
    const wrapped = await newQueue();
    const base = { TopicArn: topicArn, Protocol: "sqs" };
    await sns.send(
      new SubscribeCommand({ ...base, Endpoint: raw.arn, Attributes: { RawMessageDelivery: "true" } }),
    );
    await sns.send(new SubscribeCommand({ ...base, Endpoint: wrapped.arn }));
    return { topicArn, raw: raw.url, wrapped: wrapped.url };
  }

  it.for([
    [10, 1],
    [11, 0],
  ] as const)("delivers %i attributes raw to %i queues, and always in an envelope", async ([count, rawMessages]) => {
    const { topicArn, raw, wrapped } = await newTopic();
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "m", MessageAttributes: many(count) }));
    expect(await receive(wrapped)).toHaveLength(1);
    expect(await receive(raw)).toHaveLength(rawMessages);
  });

  it("refuses an empty attribute value, alone and in a batch", async () => {
    const { topicArn } = await newTopic();
    const MessageAttributes = { traceparent: text("") };
    const single = new PublishCommand({ TopicArn: topicArn, Message: "m", MessageAttributes });
    await expect(sns.send(single)).rejects.toThrow(/non-empty/);
    const PublishBatchRequestEntries = [{ Id: "1", Message: "m", MessageAttributes }];
    const batch = new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries });
    await expect(sns.send(batch)).rejects.toThrow(/non-empty/);
  });

  it("refuses a batch that is longer than 256 KiB in sum", async () => {
    const { topicArn } = await newTopic();
    const PublishBatchRequestEntries = ["1", "2", "3"].map((Id) => ({ Id, Message: "x".repeat(100_000) }));
    const batch = new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries });
    await expect(sns.send(batch)).rejects.toMatchObject({ name: "BatchRequestTooLongException" });
  });
});
