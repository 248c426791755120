/**
 * Ways that a message takes through SNS and SQS (as strict as AWS), sent and received with the real SDK and the built
 * `hopscope` package, each read back from the collector as the flow of its own producer.
 */
import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startSqsEventSource, type SqsEventSource } from "../../examples/local-cloud/sqs-event-source.ts";
import { toSqsRecord, type SqsRecord } from "../../examples/local-cloud/sqs-record.ts";
import { ACCOUNT_ID, REGION, startAws, type LocalAws } from "../../examples/local-cloud/start-aws.ts";
import type * as Hopscope from "../../instrumentation/index.ts";
import type { FlowListResponse } from "../../schema/api.ts";
import type { Flow, FlowResponse } from "../../schema/flow.ts";
import { startTestCollector, type TestCollector } from "../support/collector.ts";
import { eventually } from "../support/eventually.ts";

type Consumer = (event: { Records: SqsRecord[] }) => unknown;

let collector: TestCollector;
let aws: LocalAws;
let hopscope: typeof Hopscope;
/** Clients of traced producers, and of those that nothing is known of. */
let traced: { sns: SNSClient; sqs: SQSClient };
let plain: { sns: SNSClient; sqs: SQSClient };
let sources: SqsEventSource[] = [];

beforeAll(async () => {
  [collector, aws] = await Promise.all([startTestCollector(), startAws()]);
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url;
  process.env["OTEL_SERVICE_NAME"] = "shop";
  process.env["OTEL_BSP_SCHEDULE_DELAY"] = "10";
  hopscope = await import("hopscope");
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const clients = () => {
    const config = { endpoint: aws.endpoint, region: REGION, credentials };
    return { sns: new SNSClient(config), sqs: new SQSClient(config) };
  };
  plain = clients();
  const { sns, sqs } = clients();
  traced = { sns: hopscope.tracedClient(sns), sqs: hopscope.tracedClient(sqs) };
});
afterEach(async () => {
  await Promise.all(sources.map((source) => source.stop()));
  sources = [];
});
afterAll(async () => {
  await aws.stop();
  await collector.close();
});

const arnOf = (service: "sqs" | "sns", name: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${name}`;

async function createQueue(name: string, attributes: Record<string, string> = {}): Promise<void> {
  const Attributes = { VisibilityTimeout: "1", ...attributes };
  await plain.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
}

async function createTopic(name: string, queue: string, raw: boolean): Promise<void> {
  const Attributes: Record<string, string> = name.endsWith(".fifo") ? { FifoTopic: "true" } : {};
  const { TopicArn } = await plain.sns.send(new CreateTopicCommand({ Name: name, Attributes }));
  const subscription = { TopicArn, Protocol: "sqs", Endpoint: arnOf("sqs", queue) };
  await plain.sns.send(new SubscribeCommand({ ...subscription, Attributes: { RawMessageDelivery: String(raw) } }));
}

/** Runs `send` as a traced producer: the origin of a flow named `name`. */
async function produce(name: string, send: () => Promise<unknown>): Promise<void> {
  await hopscope.traced(send, { name })();
}

/** Feeds a queue to a function, as Lambda does; answers what each batch held, grown as they come. */
function consume(queue: string, consumer: Consumer): string[][] {
  const batches: string[][] = [];
  sources.push(
    startSqsEventSource({
      client: plain.sqs,
      queueUrl: aws.queueUrl(queue),
      queueArn: arnOf("sqs", queue),
      reportBatchItemFailures: true,
      concurrency: 1,
      target: {
        name: queue,
        async invoke(event) {
          const { Records } = event as { Records: SqsRecord[] };
          batches.push(Records.map(textOf));
          const answer = await consumer({ Records });
          return { kind: "response", body: Buffer.from(JSON.stringify(answer ?? null)), streamed: false };
        },
      },
    }),
  );
  return batches;
}

/**
 * What is in a FIFO queue, as the one batch that Lambda may make of it: the emulator gives only one message of a group
 * at a time, and the next when that one is deleted.
 */
async function drain(queue: string, count: number): Promise<SqsRecord[]> {
  const QueueUrl = aws.queueUrl(queue);
  const all = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All" as const], MaxNumberOfMessages: 10 };
  const records: SqsRecord[] = [];
  await eventually(async () => {
    const { Messages = [] } = await plain.sqs.send(new ReceiveMessageCommand({ QueueUrl, ...all }));
    for (const message of Messages) {
      records.push(toSqsRecord(message, arnOf("sqs", queue)));
      await plain.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
    expect(records).toHaveLength(count);
  });
  return records;
}

/** What was sent, in SNS's envelope or not. */
function textOf({ body }: SqsRecord): string {
  return body.startsWith("{") ? (JSON.parse(body) as { Message: string }).Message : body;
}

/** A function that takes records one by one, and fails those of `failing` the first time. */
function oneByOne(failing: readonly string[] = []): Consumer {
  return hopscope.traced.each((record: SqsRecord) => {
    const isFirst = record.attributes["ApproximateReceiveCount"] === "1";
    if (isFirst && failing.includes(textOf(record))) throw new Error("not now");
  });
}

/** Resolves when the flow of that name is as expected, its hops in words. */
async function expectHops(
  name: string,
  expected: readonly string[],
  order = (hops: string[]) => hops,
): Promise<Flow> {
  return eventually(async () => {
    const { flows } = await collector.get<FlowListResponse>("/api/flows?limit=100");
    const found = flows.filter((flow) => flow.name === name);
    expect(found).toHaveLength(1);
    const { flow } = await collector.get<FlowResponse>(`/api/flows/${found[0]?.id ?? ""}`);
    expect(order(inWords(flow))).toEqual(expected);
    return flow;
  });
}

function inWords(flow: Flow): string[] {
  const nameOf = (id: string): string => flow.nodes.find((node) => node.id === id)?.name ?? id;
  return flow.hops.map(({ from, kind, to, joinedBy, attempt, failed }) => {
    const ending = kind === "receive" ? ` attempt ${String(attempt)}${failed === true ? " failed" : ""}` : "";
    return `${nameOf(from)} ${kind} ${nameOf(to)}${ending} by ${joinedBy}`;
  });
}

/** As many as SQS takes: no room for a trace context. */
const tenAttributes = Object.fromEntries(
  Array.from({ length: 10 }, (_, n) => [`a${String(n)}`, { DataType: "String", StringValue: "v" }]),
);

describe("a batch of messages that came in different ways", () => {
  const consumers = [
    ["traced.each", () => oneByOne(), "parent"],
    ["traced", () => hopscope.traced(() => null) as Consumer, "link"],
  ] as const;

  it.for(consumers)("is joined, each message to its own producer, by %s", async ([wrapper, consumer, byContext]) => {
    const queue = `mixed-${wrapper.replace(".", "-")}`;
    const [wrapping, raw] = [`${queue}-wrapping`, `${queue}-raw`];
    await createQueue(queue);
    await Promise.all([createTopic(wrapping, queue, false), createTopic(raw, queue, true)]);
    const publish = (topic: string, Message: string, MessageAttributes = {}) =>
      traced.sns.send(new PublishCommand({ TopicArn: arnOf("sns", topic), Message, MessageAttributes }));
    const send = (MessageBody: string, MessageAttributes = {}) =>
      traced.sqs.send(new SendMessageCommand({ QueueUrl: aws.queueUrl(queue), MessageBody, MessageAttributes }));

    const ways: [string, topic: string | undefined, joinedBy: string, attributes?: object][] = [
      ["wrapped", wrapping, byContext],
      ["wrapped, attributes full", wrapping, "identity", tenAttributes],
      ["raw", raw, byContext],
      // Nothing crosses but the body.
      ["raw, attributes full", raw, "content", tenAttributes],
      ["direct", undefined, byContext],
      // SQS has room for AWSTraceHeader beside the ten.
      ["direct, attributes full", undefined, byContext, tenAttributes],
    ];
    for (const [way, topic, , attributes] of ways) {
      const text = `${wrapper}: ${way}`;
      await produce(text, () => (topic === undefined ? send(text, attributes) : publish(topic, text, attributes)));
    }
    await plain.sqs.send(new SendMessageCommand({ QueueUrl: aws.queueUrl(queue), MessageBody: "of an unknown sender" }));

    const batches = consume(queue, consumer());
    for (const [way, topic, by] of ways) {
      const flow = await expectHops(
        `${wrapper}: ${way}`,
        topic === undefined
          ? [`shop publish ${queue} by ${by}`, `${queue} receive shop attempt 1 by ${by}`]
          : [
              `shop publish ${topic} by ${by}`,
              `${topic} deliver ${queue} by ${by}`,
              `${queue} receive shop attempt 1 by ${by}`,
            ],
      );
      expect(flow.gaps).toEqual([]);
      expect(flow.nodes.filter(({ kind }) => kind === "invocation")).toHaveLength(2);
    }
    expect(batches.map((batch) => batch.length)).toEqual([7]);
  });
});

describe("messages of which a queue gets the body alone", () => {
  const entryOf = (Id: string, Message: string) => ({ Id, Message, MessageAttributes: tenAttributes });
  const publish = (topic: string, entries: ReturnType<typeof entryOf>[]) =>
    traced.sns.send(new PublishBatchCommand({ TopicArn: arnOf("sns", topic), PublishBatchRequestEntries: entries }));

  it("are joined to the batch that published them, entry by entry", async () => {
    const [topic, queue] = ["full-batch", "full-batch-queue"];
    await createQueue(queue);
    await createTopic(topic, queue, true);
    await produce(topic, () => publish(topic, [entryOf("1", "order 1"), entryOf("2", "order 2")]));
    consume(queue, oneByOne());
    const receive = `${queue} receive shop attempt 1 by content`;
    const way = [`shop publish ${topic} by content`, `${topic} deliver ${queue} by content`];
    const flow = await expectHops(topic, [...way, ...way, receive, receive].sort(), (hops) => hops.sort());
    expect(flow.gaps).toEqual([]);
  });

  it("are joined to nothing where two have the same body, and both sides say why", async () => {
    const [topic, queue] = ["equal", "equal-queue"];
    await createQueue(queue);
    await createTopic(topic, queue, true);
    for (const name of ["equal 1", "equal 2"]) await produce(name, () => publish(topic, [entryOf("1", "the same")]));
    consume(queue, hopscope.traced(() => null, { name: "took one of two" }));
    for (const name of ["equal 1", "equal 2"]) {
      const flow = await expectHops(name, [`shop publish ${topic} by parent`]);
      expect(flow.gaps.map(({ message }) => message)).toEqual([expect.stringMatching(/several messages had the same/)]);
    }
    const flow = await expectHops("took one of two", Array(2).fill(`${queue} receive shop attempt 1 by identity`));
    expect(flow.gaps.map(({ message }) => message)).toEqual(Array(2).fill(expect.stringMatching(/same body/)));
  });
});

describe("FIFO", () => {
  it("gives back what follows a failure in its group, as an attempt of each message's own flow", async () => {
    const queue = "groups.fifo";
    await createQueue(queue, { FifoQueue: "true", ContentBasedDeduplication: "true" });
    for (const text of ["a1", "a2", "a3", "b1"]) {
      const message = { QueueUrl: aws.queueUrl(queue), MessageBody: text, MessageGroupId: text.slice(0, 1) };
      await produce(`fifo ${text}`, () => traced.sqs.send(new SendMessageCommand(message)));
    }
    const records = await drain(queue, 4);
    const handle = oneByOne(["a2"]);
    const returned = (await handle({ Records: records })) as Hopscope.BatchResult;
    const again = records.filter(({ messageId }) =>
      returned.batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === messageId),
    );
    expect(again.map(textOf)).toEqual(["a2", "a3"]);
    await handle({
      Records: again.map((record) => ({
        ...record,
        attributes: { ...record.attributes, ApproximateReceiveCount: "2" },
      })),
    });
    const once = [`${queue} receive shop attempt 1 by parent`];
    const second = `${queue} receive shop attempt 2 by parent`;
    const tried = [`${queue} receive shop attempt 1 failed by parent`, second];
    // The handler never saw it the first time, so it has no span of its own for that: the batch links to it.
    const heldBack = [`${queue} receive shop attempt 1 failed by link`, second];
    for (const [text, receives] of [["a1", once], ["a2", tried], ["a3", heldBack], ["b1", once]] as const) {
      await expectHops(`fifo ${text}`, [`shop publish ${queue} by parent`, ...receives]);
    }
  });

  it.for([
    ["wrapped", false],
    ["raw", true],
  ] as const)("a topic keeps group, order and context, %s", async ([form, raw]) => {
    const [queue, topic] = [`${form}-queue.fifo`, `${form}-topic.fifo`];
    await createQueue(queue, { FifoQueue: "true" });
    await createTopic(topic, queue, raw);
    for (const Message of ["1", "2", "3"]) {
      const ids = { MessageGroupId: "g", MessageDeduplicationId: Message };
      const command = new PublishCommand({ TopicArn: arnOf("sns", topic), Message, ...ids });
      await produce(`${topic} ${Message}`, () => traced.sns.send(command));
    }
    const batches = consume(queue, oneByOne());
    for (const text of ["1", "2", "3"]) {
      await expectHops(`${topic} ${text}`, [
        `shop publish ${topic} by parent`,
        `${topic} deliver ${queue} by parent`,
        `${queue} receive shop attempt 1 by parent`,
      ]);
    }
    expect(batches.flat()).toEqual(["1", "2", "3"]);
  });
});

describe("a message that an operator sends back from the dead-letter queue", () => {
  async function copyBack(letter: Message, queue: string, client: SQSClient, MessageAttributes = {}): Promise<void> {
    await client.send(
      new SendMessageCommand({ QueueUrl: aws.queueUrl(queue), MessageBody: letter.Body, MessageAttributes }),
    );
  }

  const publish = "shop publish Q by parent";
  const failure = "Q receive shop attempt 1 failed by parent";
  const success = "Q receive shop attempt 1 by parent";
  const scripts: [string, string[]][] = [
    ["a script without tracing that copies the attributes", [publish, publish, failure, success]],
    [
      "a traced script that copies the body alone",
      [
        ...[publish, failure, "Q dead-letter Q-dead by identity"],
        ...["Q-dead receive shop attempt 2 by parent", publish, success],
      ],
    ],
  ];

  it.for(scripts)("goes on in its flow: %s", async ([operator, hops]) => {
    const isTraced = operator.startsWith("a traced");
    const queue = isTraced ? "redriven-by-traced" : "redriven";
    await createQueue(`${queue}-dead`);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf("sqs", `${queue}-dead`), maxReceiveCount: 1 });
    await createQueue(queue, { RedrivePolicy, VisibilityTimeout: "0" });
    await produce(`${queue} order`, () => copyBack({ Body: "m" }, queue, traced.sqs));
    let fails = true;
    consume(
      queue,
      hopscope.traced.each(() => {
        if (fails) throw new Error("not now");
      }),
    );
    const letter = await eventually(async () => {
      const QueueUrl = aws.queueUrl(`${queue}-dead`);
      const all = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All" as const] };
      const { sqs } = isTraced ? traced : plain;
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, ...all }));
      if (Messages[0] === undefined) throw new Error("not yet dead");
      await plain.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle }));
      return Messages[0];
    });
    fails = false;
    if (isTraced) await hopscope.traced.each((message: Message) => copyBack(message, queue, traced.sqs))([letter]);
    else await copyBack(letter, queue, plain.sqs, letter.MessageAttributes);
    await expectHops(
      `${queue} order`,
      hops.map((hop) => hop.replace(/\bQ\b/g, queue)),
    );
  });
});
