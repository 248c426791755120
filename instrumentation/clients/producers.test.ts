/**
 * Real AWS SDK v3 clients against an endpoint that answers as the services' documentation says: what each
 * producer's span knows, what its message carries, and that the event it triggers finds it again.
 */
import { DynamoDBClient, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { KinesisClient, PutRecordCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { GetFunctionCommand, InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CopyObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { ReceiveMessageCommand, type ReceiveMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { detect } from "../events/index.ts";
import type * as Hopscope from "../index.ts";
import { type AwsAnswer, startAwsEndpoint } from "../testing/aws-endpoint.ts";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import type { ReceivedSpan } from "../testing/otlp-decoder.ts";

let hopscope: typeof Hopscope;
let collector: TestCollector;
let aws: Awaited<ReturnType<typeof startAwsEndpoint>>;

const EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:checkout:7";
const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"';
const ANSWERS: Record<string, AwsAnswer> = {
  PutEvents: {
    body: { FailedEntryCount: 1, Entries: [{ EventId: "e-1" }, { ErrorCode: "ThrottlingException", ErrorMessage: "slow" }] },
  },
  PutRecord: { body: { ShardId: "shardId-000000000006", SequenceNumber: "495903" } },
  PutRecords: {
    body: {
      FailedRecordCount: 1,
      Records: [
        { ShardId: "shardId-000000000001", SequenceNumber: "1" },
        { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "exceeded" },
      ],
    },
  },
  StartExecution: { body: { executionArn: EXECUTION, startDate: 1 } },
  "PUT /invoices/july%201.pdf": { headers: { etag: ETAG, "x-amz-version-id": "v1" } },
  "PUT /invoices/copy.pdf": { body: `<CopyObjectResult><ETag>${ETAG}</ETag></CopyObjectResult>` },
  "POST /2015-03-31/functions/broken/invocations": { headers: { "x-amz-function-error": "Unhandled" } },
  "GET /invoices/none.pdf": { status: 404, body: "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>" },
};

beforeAll(async () => {
  collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.OTEL_BSP_SCHEDULE_DELAY = "10";
  hopscope = await import("../index.ts");
  aws = await startAwsEndpoint(({ operation }) => ANSWERS[operation] ?? { body: {} });
});
beforeEach(() => {
  collector.spans.length = 0;
  aws.requests.length = 0;
});
afterAll(async () => {
  aws.close();
  await collector.close();
});

const keysOf = (attributes: Readonly<Record<string, unknown>> | undefined): string[] =>
  (attributes?.["hopscope.message.keys"] ?? []) as string[];

/** The span of the one call that `act` makes inside a handler. */
async function spanOf(act: () => Promise<unknown>): Promise<ReceivedSpan> {
  await hopscope.traced(async function handler() {
    await act().catch(() => undefined);
  })();
  const spans = await collector.waitFor((all) => all.some((span) => span.name === "handler"));
  expect(spans).toHaveLength(2);
  return spans.find((span) => span.name !== "handler") as ReceivedSpan;
}

const sentBody = (): Record<string, unknown> => JSON.parse(aws.requests[0]?.body ?? "") as Record<string, unknown>;
const xrayOf = ({ traceId, spanId }: ReceivedSpan): string =>
  `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=1`;

describe("EventBridge", () => {
  it("carries the trace beside the user's detail, and knows each entry's id or failure", async () => {
    const client = hopscope.tracedClient(new EventBridgeClient(aws.options));
    const Entries = ["1", "2"].map((n) => ({ Source: "shop.orders", DetailType: "OrderPlaced", Detail: `{"n":${n}}` }));
    const span = await spanOf(() => client.send(new PutEventsCommand({ Entries })));
    expect(span).toMatchObject({ name: "send shop.orders", kind: "producer", status: { code: 2 } });
    expect(span.events.map((event) => event.attributes["error.type"])).toEqual(["ThrottlingException"]);
    expect(sentBody().Entries).toEqual(Entries.map((entry) => ({ ...entry, TraceHeader: xrayOf(span) })));
    const received = detect({ id: "e-1", source: "shop.orders", "detail-type": "OrderPlaced", detail: {} }, {});
    expect(keysOf(span.attributes)).toEqual(keysOf(received.attributes));
  });
});

describe("the size of what is sent", () => {
  const entry = { Source: "shop", DetailType: "Placed", Detail: '{"n":"é"}' };
  it.for([
    ["EventBridge", EventBridgeClient, new PutEventsCommand({ Entries: [entry] }), 10],
    ["Kinesis", KinesisClient, new PutRecordCommand({ StreamName: "s", Data: Buffer.from("bytes"), PartitionKey: "a" }), 5],
    ["Lambda", LambdaClient, new InvokeCommand({ FunctionName: "charge", Payload: Buffer.from("{}") }), 2],
    ["Step Functions", SFNClient, new StartExecutionCommand({ stateMachineArn: "a:b:c", input: '{"n":1}' }), 7],
  ] as const)("is recorded in bytes by %s", async ([, Client, command, bytes]) => {
    const client = hopscope.tracedClient(
      new Client({ ...aws.options, requestHandler: new NodeHttpHandler() }) as EventBridgeClient,
    );
    const span = await spanOf(() => client.send(command as PutEventsCommand));
    expect(span.attributes["messaging.message.body.size"]).toBe(bytes);
  });
});

describe("Kinesis", () => {
  const client = () =>
    hopscope.tracedClient(new KinesisClient({ ...aws.options, requestHandler: new NodeHttpHandler() }));
  const Data = Buffer.from("bytes");

  it("knows shard and sequence number, and sends the user's bytes as they are", async () => {
    const span = await spanOf(() =>
      client().send(new PutRecordCommand({ StreamName: "clicks", Data, PartitionKey: "a" })),
    );
    expect(span).toMatchObject({ name: "send clicks", kind: "producer" });
    expect(sentBody()).toEqual({ StreamName: "clicks", Data: Data.toString("base64"), PartitionKey: "a" });
    const record = { eventSource: "aws:kinesis", eventID: "shardId-000000000006:495903", kinesis: {} };
    expect(keysOf(span.attributes)).toEqual(keysOf(detect({ Records: [record] }, {}).attributes));
  });

  it("knows every record of a batch, failed ones included", async () => {
    const Records = [1, 2].map((n) => ({ Data, PartitionKey: String(n) }));
    const span = await spanOf(() => client().send(new PutRecordsCommand({ StreamName: "clicks", Records })));
    expect(keysOf(span.attributes)).toEqual(["aws.kinesis:shardId-000000000001:1"]);
    expect(span.attributes["messaging.batch.message_count"]).toBe(2);
    expect(span.events[0]?.attributes).toMatchObject({ "error.type": "ProvisionedThroughputExceededException" });
  });
});

describe("Lambda", () => {
  it("carries the trace in the client context of a call that waits", async () => {
    const client = hopscope.tracedClient(new LambdaClient(aws.options));
    const ClientContext = Buffer.from('{"custom":{"mine":1},"env":{}}').toString("base64");
    const span = await spanOf(() => client.send(new InvokeCommand({ FunctionName: "charge", ClientContext })));
    expect(span).toMatchObject({ name: "invoke charge", kind: "client" });
    const header = aws.requests[0]?.headers["x-amz-client-context"];
    const clientContext = JSON.parse(Buffer.from(String(header), "base64").toString()) as { custom: object };
    expect(clientContext).toMatchObject({ custom: { mine: 1 }, env: {} });
    const received = detect({}, { clientContext, awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd" });
    expect(received.parent?.spanId).toBe(span.spanId);
    expect(keysOf(received.attributes)).toEqual(keysOf(span.attributes));
  });

  it.for([
    ["arn:aws:lambda:us-east-1:123456789012:function:charge:live", "send charge"],
    ["123456789012:function:charge", "send charge"],
    ["charge:live", "send charge"],
  ])("names the function of an asynchronous call to %s", async ([FunctionName, name]) => {
    const client = hopscope.tracedClient(new LambdaClient(aws.options));
    const span = await spanOf(() => client.send(new InvokeCommand({ FunctionName, InvocationType: "Event" })));
    expect(span).toMatchObject({ name, kind: "producer" });
  });

  it("carries the trace into a call whose answer is streamed", async () => {
    const client = hopscope.tracedClient(new LambdaClient(aws.options));
    const span = await spanOf(() => client.send(new InvokeWithResponseStreamCommand({ FunctionName: "charge" })));
    expect(span).toMatchObject({ name: "invoke charge", kind: "client", attributes: { "faas.invoked_name": "charge" } });
    const context = Buffer.from(String(aws.requests[0]?.headers["x-amz-client-context"]), "base64").toString();
    expect(context).toContain(`-${span.spanId}-01`);
  });

  it("records that the function it waited for failed, which is an answer like any other", async () => {
    const client = hopscope.tracedClient(new LambdaClient(aws.options));
    const span = await spanOf(() => client.send(new InvokeCommand({ FunctionName: "broken" })));
    expect(span).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "Unhandled" } });
  });

  it("leaves a client context that would grow too long as it is", async () => {
    const client = hopscope.tracedClient(new LambdaClient(aws.options));
    const ClientContext = Buffer.from(JSON.stringify({ custom: { mine: "x".repeat(2_600) } })).toString("base64");
    await spanOf(() => client.send(new InvokeCommand({ FunctionName: "charge", ClientContext })));
    expect(aws.requests[0]?.headers["x-amz-client-context"]).toBe(ClientContext);
  });

  it("makes any other call a client span", async () => {
    const client = hopscope.tracedClient(new LambdaClient(aws.options));
    const span = await spanOf(() => client.send(new GetFunctionCommand({ FunctionName: "charge" })));
    expect(span).toMatchObject({ name: "Lambda.GetFunction", kind: "client", attributes: { "rpc.system": "aws-api" } });
  });
});

describe("SQS", () => {
  it.for([
    [["All"], ["All"]],
    [["SenderId"], expect.arrayContaining(["SenderId", "AWSTraceHeader"])],
  ] as const)("asks for %j, wanted by the name of before 2024, by today's name too", async ([AttributeNames, asked]) => {
    const client = hopscope.tracedClient(new SQSClient(aws.options));
    const input = { QueueUrl: "https://sqs.us-east-1.amazonaws.com/1/q", AttributeNames: [...AttributeNames] };
    await spanOf(() => client.send(new ReceiveMessageCommand(input as ReceiveMessageCommandInput)));
    expect(sentBody()).toMatchObject({ AttributeNames, MessageSystemAttributeNames: asked });
  });
});

describe("Step Functions", () => {
  it("knows the execution that it started", async () => {
    const client = hopscope.tracedClient(new SFNClient(aws.options));
    const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:checkout";
    const span = await spanOf(() => client.send(new StartExecutionCommand({ stateMachineArn, input: "{}" })));
    expect(span).toMatchObject({ name: "send checkout", kind: "producer" });
    expect(sentBody()).toEqual({ stateMachineArn, input: "{}", traceHeader: xrayOf(span) });
    const received = detect({ Execution: { Id: EXECUTION }, State: { Name: "Charge" } }, {});
    expect(keysOf(received.attributes)).toEqual(keysOf(span.attributes));
  });
});

describe("S3", () => {
  const client = () => hopscope.tracedClient(new S3Client({ ...aws.options, forcePathStyle: true }));

  it("is joined to the event of the object that it wrote", async () => {
    const input = { Bucket: "invoices", Key: "july 1.pdf", Body: "x" };
    const span = await spanOf(() => client().send(new PutObjectCommand(input)));
    expect(span).toMatchObject({ name: "send invoices", kind: "client" });
    const s3 = { bucket: { name: "invoices" }, object: { key: "july+1.pdf", eTag: "another", versionId: "v1" } };
    const received = detect({ Records: [{ eventSource: "aws:s3", s3 }] }, {});
    expect(keysOf(received.attributes)).toEqual(keysOf(span.attributes));
  });

  it("knows the ETag of a copy", async () => {
    const input = { Bucket: "invoices", Key: "copy.pdf", CopySource: "invoices/july 1.pdf" };
    const span = await spanOf(() => client().send(new CopyObjectCommand(input)));
    expect(keysOf(span.attributes)).toEqual(["aws.s3:invoices/copy.pdf@d41d8cd98f00b204e9800998ecf8427e"]);
  });

  it("records a failure and throws the SDK's own error", async () => {
    let thrown: unknown;
    const span = await spanOf(async () => {
      thrown = await client()
        .send(new GetObjectCommand({ Bucket: "invoices", Key: "none.pdf" }))
        .catch((error: unknown) => error);
    });
    expect(thrown).toMatchObject({ name: "NoSuchKey" });
    expect(span).toMatchObject({ name: "S3.GetObject", status: { code: 2 } });
    expect(span.attributes).toMatchObject({ "error.type": "NoSuchKey", "http.response.status_code": 404 });
  });
});

describe("DynamoDB", () => {
  const streamed = (dynamodb: object): string[] => {
    const eventSourceARN = "arn:aws:dynamodb:us-west-2:123456789012:table/orders/stream/2015-06-27T00:48:05.899";
    const ApproximateCreationDateTime = Math.floor(Date.now() / 1000);
    const record = { eventSource: "aws:dynamodb", eventSourceARN, dynamodb: { ...dynamodb, ApproximateCreationDateTime } };
    return keysOf(detect({ Records: [record] }, {}).attributes);
  };
  const shared = (span: ReceivedSpan, keys: string[]): string[] =>
    keysOf(span.attributes).filter((key) => keys.includes(key));
  const NewImage = { id: { S: "7" }, total: { N: "12.50" }, tags: { SS: ["b", "a"] }, gift: { BOOL: true } };

  it("is joined to the stream by the item that it put", async () => {
    const client = hopscope.tracedClient(new DynamoDBClient(aws.options));
    const span = await spanOf(() => client.send(new PutItemCommand({ TableName: "orders", Item: NewImage })));
    expect(span).toMatchObject({ name: "DynamoDB.PutItem", kind: "client" });
    expect(shared(span, streamed({ Keys: { id: { S: "7" } }, NewImage }))).toHaveLength(1);
  });

  it("is joined to the stream by the item that a document client put", async () => {
    const client = hopscope.tracedClient(DynamoDBDocumentClient.from(new DynamoDBClient(aws.options)));
    const Item = { gift: true, id: "7", total: 12.5, tags: new Set(["a", "b"]) };
    const span = await spanOf(() => client.send(new PutCommand({ TableName: "orders", Item })));
    expect(shared(span, streamed({ Keys: { id: { S: "7" } }, NewImage }))).toHaveLength(1);
  });

  it("is joined to the stream by the key of what it updated", async () => {
    const client = hopscope.tracedClient(new DynamoDBClient(aws.options));
    const span = await spanOf(() => client.send(new UpdateItemCommand({ TableName: "orders", Key: { id: { S: "7" } } })));
    expect(shared(span, streamed({ Keys: { id: { S: "7" } }, NewImage }))).toHaveLength(1);
    expect(shared(span, streamed({ Keys: { id: { S: "8" } }, NewImage }))).toHaveLength(0);
  });
});

describe("anything that is no client", () => {
  it.for([null, undefined, 7, {}, { middlewareStack: {} }])("%j is returned as it is", (value) => {
    expect(hopscope.tracedClient(value as object)).toBe(value);
  });
});
