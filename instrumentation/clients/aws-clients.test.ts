/** Real AWS SDK v3 clients against SNS and SQS made as strict as AWS. */
import { createHash } from "node:crypto";
import {
  CreateTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LocalAws, startAws } from "../../examples/local-cloud/start-aws.ts";
import type * as Hopscope from "../index.ts";
import { startCollector, type TestCollector } from "../testing/collector.ts";

let aws: LocalAws;
let collector: TestCollector;
let sns: SNSClient;
let sqs: SQSClient;
let plainSqs: SQSClient;
let topicArn: string;
let hopscope: typeof Hopscope;

beforeAll(async () => {
  collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.OTEL_BSP_SCHEDULE_DELAY = "10";
  hopscope = await import("../index.ts");
  aws = await startAws();
  const options = {
    endpoint: aws.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  sns = hopscope.tracedClient(new SNSClient(options));
  sqs = hopscope.tracedClient(new SQSClient(options));
  plainSqs = new SQSClient(options);
  topicArn = (await sns.send(new CreateTopicCommand({ Name: "orders" }))).TopicArn ?? "";
  for (const [name, raw] of [["raw", "true"], ["wrapped", "false"], ["direct", ""]] as const) {
    await sqs.send(new CreateQueueCommand({ QueueName: name }));
    if (!raw) continue;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: aws.queueUrl(name), AttributeNames: ["QueueArn"] }),
    );
    await sns.send(
      new SubscribeCommand({
        TopicArn: topicArn,
        Protocol: "sqs",
        Endpoint: Attributes?.QueueArn,
        Attributes: { RawMessageDelivery: raw },
      }),
    );
  }
});
beforeEach(() => {
  collector.spans.length = 0;
});
afterAll(async () => {
  await aws.stop();
  await collector.close();
});

async function receive(queue: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: aws.queueUrl(queue), MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }),
  );
  return Messages;
}

const ten = (): Record<string, { DataType: string; StringValue: string }> =>
  Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`a${i}`, { DataType: "String", StringValue: "x" }]));

describe("SNS", () => {
  it.for(["raw", "wrapped"])("joins a published message to the function behind a %s queue", async (queue) => {
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "order" }));
    for (const other of ["raw", "wrapped"].filter((name) => name !== queue)) await receive(other);
    await hopscope.traced(async (_: unknown) => undefined)((await receive(queue)));
    const spans = await collector.waitFor((all) => all.some((span) => span.kind === "consumer"));
    const send = spans.find((span) => span.kind === "producer");
    const process = spans.find((span) => span.kind === "consumer");
    expect(send?.name).toBe("send orders");
    expect(process?.name).toBe(`process ${queue}`);
    expect(process?.parentSpanId).toBe(send?.spanId);
    expect(process?.traceId).toBe(send?.traceId);
    if (queue === "wrapped") {
      const [snsKey] = send?.attributes["hopscope.message.keys"] as string[];
      expect(process?.attributes["hopscope.message.keys"]).toContain(snsKey);
      expect(process?.attributes["hopscope.message.via.destination.name"]).toBe("orders");
    }
  });

  it("leaves a message without room as it is, and knows its body by what SQS will say of it", async () => {
    const Message = JSON.stringify({ order: "full" });
    const MessageAttributes = ten();
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message, MessageAttributes }));
    const [raw] = await receive("raw");
    await receive("wrapped");
    expect(Object.keys(raw?.MessageAttributes ?? {})).not.toContain("traceparent");
    await hopscope.traced(async (_: unknown) => undefined)([raw]);
    const spans = await collector.waitFor((all) => all.some((span) => span.kind === "consumer"));
    const md5Of = (kind: string) => spans.find((span) => span.kind === kind)?.attributes["hopscope.message.body_md5"];
    expect(md5Of("producer")).toBe(raw?.MD5OfBody);
    expect(md5Of("consumer")).toBe(raw?.MD5OfBody);
    for (const kind of ["producer", "consumer"]) {
      const keys = spans.find((span) => span.kind === kind)?.attributes["hopscope.message.keys"];
      expect(keys).toContain(`body_md5:${raw?.MD5OfBody ?? ""}`);
    }
  });

  it("records the id of every message of a batch", async () => {
    const entries = ["1", "2", "3"].map((Id) => ({ Id, Message: `order ${Id}` }));
    const { Successful } = await sns.send(
      new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
    );
    const [send] = await collector.waitFor((all) => all.length > 0);
    expect(send?.attributes["hopscope.message.keys"]).toEqual(Successful?.map(({ MessageId }) => `aws.sns:${MessageId}`));
    expect(send?.attributes["messaging.batch.message_count"]).toBe(3);
    await Promise.all([receive("raw"), receive("wrapped")]);
  });
});

describe("a batch of which one entry is full", () => {
  it("is known by the body of that entry alone, in the form that a queue gets", async () => {
    const bodies = { default: "for all", sqs: "for queues" };
    const entries = [
      { Id: "room", Message: "with room" },
      { Id: "full", Message: "full", MessageAttributes: ten() },
      { Id: "json", Message: JSON.stringify(bodies), MessageStructure: "json", MessageAttributes: ten() },
    ];
    await sns.send(new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }));
    const [send] = await collector.waitFor((all) => all.length > 0);
    const keys = send?.attributes["hopscope.message.keys"] as string[];
    const md5 = (body: string) => `body_md5:${createHash("md5").update(body).digest("hex")}`;
    expect(keys.filter((key) => key.startsWith("body_md5:"))).toEqual([md5("full"), md5("for queues")]);
    await Promise.all([receive("raw"), receive("wrapped")]);
  });
});

describe("SQS", () => {
  it("carries the context beside ten attributes, none of which it changes", async () => {
    const MessageAttributes = ten();
    await sqs.send(new SendMessageCommand({ QueueUrl: aws.queueUrl("direct"), MessageBody: "full", MessageAttributes }));
    expect(MessageAttributes).toEqual(ten());
    const messages = await receive("direct");
    await hopscope.traced(async (_: unknown) => undefined)(messages);
    const spans = await collector.waitFor((all) => all.some((span) => span.kind === "consumer"));
    const send = spans.find((span) => span.kind === "producer");
    expect(spans.find((span) => span.kind === "consumer")?.parentSpanId).toBe(send?.spanId);
  });

  it("gives a failed entry of a batch as an event and the ids of the others as keys", async () => {
    const Entries = [
      { Id: "good", MessageBody: "one" },
      { Id: "bad", MessageBody: "two", MessageAttributes: { empty: { DataType: "String", StringValue: "" } } },
    ];
    const sent = await sqs
      .send(new SendMessageBatchCommand({ QueueUrl: aws.queueUrl("direct"), Entries }))
      .catch(() => undefined);
    const [send] = await collector.waitFor((all) => all.length > 0);
    expect(send?.status.code).toBe(2);
    if (sent) expect(send?.attributes["hopscope.message.keys"]).toHaveLength(1);
    await receive("direct");
  });

  it("does not touch what the user asks to receive, and makes no span of a poll", async () => {
    await plainSqs.send(
      new SendMessageCommand({
        QueueUrl: aws.queueUrl("direct"),
        MessageBody: "plain",
        MessageAttributes: { mine: { DataType: "String", StringValue: "x" } },
      }),
    );
    const [message] = await receive("direct");
    expect(message?.Body).toBe("plain");
    expect(message?.MessageAttributes).toBeUndefined();
    expect(collector.spans).toEqual([]);
  });
});
