import { identityByItem, identityByKey } from "./dynamodb-identity.ts";
import { base64, type EventCase, SPAN_ID, TRACE_ID, TRACEPARENT } from "./event-case.ts";
import { busEvent, s3Event, S3_KEY } from "./sqs.cases.ts";

const SNS = "https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html";
const EVENTBRIDGE = "https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html";
const S3_BRIDGE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html";
const SCHEDULE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html";
const KINESIS = "https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html";
const PIPES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html";
const DYNAMODB = "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html";
const S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html";
const MSK = "https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html";
const KAFKA = "https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html";

const snsRecord = (overrides: object = {}) => ({
  EventVersion: "1.0",
  EventSubscriptionArn: "arn:aws:sns:us-east-1:123456789012:sns-lambda:21be56ed-a058-49f5-8c98-aedd2564c486",
  EventSource: "aws:sns",
  Sns: {
    SignatureVersion: "1",
    Timestamp: "2019-01-02T12:45:07.000Z",
    MessageId: "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
    Message: "Hello from SNS!",
    MessageAttributes: { traceparent: { Type: "String", Value: TRACEPARENT } },
    Type: "Notification",
    TopicArn: "arn:aws:sns:us-east-1:123456789012:orders",
    Subject: "TestInvoke",
    ...overrides,
  },
});

const kinesisFields = {
  kinesisSchemaVersion: "1.0",
  partitionKey: "1",
  sequenceNumber: "49590338271490256608559692538361571095921575989136588898",
  data: "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
  approximateArrivalTimestamp: 1_545_084_650.987,
};
const kinesisRecord = (overrides: object = {}) => ({
  kinesis: { ...kinesisFields, ...overrides },
  eventSource: "aws:kinesis",
  eventVersion: "1.0",
  eventID: "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
  eventName: "aws:kinesis:record",
  awsRegion: "us-east-2",
  eventSourceARN: "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
});
const { kinesis: _, ...kinesisOuter } = kinesisRecord();
const KINESIS_KEY = "aws.kinesis:shardId-000000000006:49590338271490256608559692538361571095921575989136588898";

const newImage = { Message: { S: "New item!" }, Id: { N: "101" } };
const kafkaRecord = {
  topic: "mytopic",
  partition: 0,
  offset: 15,
  timestamp: 1_545_084_650_987,
  timestampType: "CREATE_TIME",
  key: "abcDEFghiJKLmnoPQRstuVWXyz1234==",
  value: "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
  headers: [{ traceparent: [...Buffer.from(TRACEPARENT)] }],
};

export const messageCases: readonly EventCase[] = [
  {
    name: "SNS",
    source: SNS,
    event: { Records: [snsRecord()] },
    expected: {
      by: "aws.sns",
      spanName: "process orders",
      kind: "consumer",
      parent: SPAN_ID,
      contexts: [SPAN_ID],
      keys: ["aws.sns:95df01b4-ee98-5cb9-9903-4c221d41eb5e"],
      attributes: { "messaging.system": "aws.sns", "hopscope.message.sent_ms": Date.parse("2019-01-02T12:45:07.000Z") },
    },
  },
  {
    name: "SNS with a Binary attribute",
    source: SNS,
    event: { Records: [snsRecord({ MessageAttributes: { traceparent: { Type: "Binary", Value: base64(TRACEPARENT) } } })] },
    expected: { by: "aws.sns", spanName: "process orders", parent: SPAN_ID, contexts: [SPAN_ID] },
  },
  {
    name: "SNS with an S3 event in it",
    source: S3,
    event: { Records: [snsRecord({ MessageAttributes: {}, Message: JSON.stringify(s3Event) })] },
    expected: {
      by: "aws.sns",
      spanName: "process orders",
      parent: null,
      contexts: [null],
      keys: ["aws.sns:95df01b4-ee98-5cb9-9903-4c221d41eb5e", S3_KEY],
    },
  },
  {
    name: "EventBridge",
    source: EVENTBRIDGE,
    event: busEvent,
    expected: {
      by: "aws.eventbridge",
      spanName: "process shop.orders",
      kind: "consumer",
      parent: null,
      contexts: [null],
      keys: ["aws.eventbridge:6a7e8feb-b491-4cf7-a9f1-bf3703467718"],
    },
  },
  {
    name: "EventBridge with Datadog's context in its detail",
    source: EVENTBRIDGE,
    event: {
      ...busEvent,
      detail: { _datadog: { "x-datadog-trace-id": "1", "x-datadog-parent-id": BigInt(`0x${SPAN_ID}`).toString() } },
    },
    expected: { by: "aws.eventbridge", spanName: "process shop.orders", parent: SPAN_ID, contexts: [SPAN_ID] },
  },
  {
    name: "EventBridge event of S3",
    source: S3_BRIDGE,
    event: {
      ...busEvent,
      source: "aws.s3",
      "detail-type": "Object Created",
      detail: { bucket: { name: "invoices" }, object: { key: "july 1/2.pdf", etag: "d41d8cd98f00b204e9800998ecf8427e" } },
    },
    expected: {
      by: "aws.eventbridge",
      spanName: "process aws.s3",
      parent: null,
      contexts: [null],
      keys: ["aws.eventbridge:6a7e8feb-b491-4cf7-a9f1-bf3703467718", S3_KEY],
    },
  },
  {
    name: "schedule",
    source: SCHEDULE,
    event: {
      ...busEvent,
      "detail-type": "Scheduled Event",
      source: "aws.events",
      resources: ["arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"],
      detail: {},
    },
    expected: {
      by: "aws.eventbridge",
      spanName: "schedule my-scheduled-rule",
      kind: "server",
      parent: null,
      attributes: { "faas.trigger": "timer" },
    },
  },
  {
    name: "Kinesis",
    source: KINESIS,
    event: { Records: [kinesisRecord()] },
    expected: {
      by: "aws.kinesis",
      spanName: "process lambda-stream",
      kind: "consumer",
      parent: null,
      contexts: [null],
      keys: [KINESIS_KEY],
      attributes: { "faas.trigger": "datasource", "hopscope.message.sent_ms": 1_545_084_650_987 },
    },
  },
  {
    name: "Kinesis with a context in its JSON",
    source: KINESIS,
    event: { Records: [kinesisRecord({ data: base64(JSON.stringify({ traceparent: TRACEPARENT })) })] },
    expected: { by: "aws.kinesis", spanName: "process lambda-stream", parent: SPAN_ID, contexts: [SPAN_ID] },
  },
  {
    name: "Kinesis through EventBridge Pipes",
    source: PIPES,
    event: [{ ...kinesisOuter, ...kinesisFields }],
    expected: {
      by: "aws.kinesis",
      spanName: "process lambda-stream",
      parent: null,
      contexts: [null],
      keys: [KINESIS_KEY],
    },
  },
  {
    name: "DynamoDB stream",
    source: DYNAMODB,
    event: {
      Records: [
        {
          eventID: "1",
          eventVersion: "1.0",
          dynamodb: {
            ApproximateCreationDateTime: 1_479_499_740,
            Keys: { Id: { N: "101" } },
            NewImage: newImage,
            StreamViewType: "NEW_AND_OLD_IMAGES",
            SequenceNumber: "111",
            SizeBytes: 26,
          },
          awsRegion: "us-west-2",
          eventName: "INSERT",
          eventSourceARN: "arn:aws:dynamodb:us-west-2:123456789012:table/orders/stream/2015-06-27T00:48:05.899",
          eventSource: "aws:dynamodb",
        },
      ],
    },
    expected: {
      by: "aws.dynamodb",
      spanName: "process orders",
      parent: null,
      contexts: [null],
      keys: [
        // What a document client writes has plain values, and is the same item.
        identityByKey("orders", { Id: 101 }, 1_479_499_740),
        identityByItem("orders", { Id: 101, Message: "New item!" }, 1_479_499_740),
      ],
    },
  },
  {
    name: "S3",
    source: S3,
    event: s3Event,
    expected: { by: "aws.s3", spanName: "process invoices", parent: null, contexts: [null], keys: [S3_KEY] },
  },
  {
    name: "MSK",
    source: MSK,
    event: { eventSource: "aws:kafka", eventSourceArn: "arn:aws:kafka:us-east-1:1:cluster/a", records: { "mytopic-0": [kafkaRecord] } },
    expected: {
      by: "kafka",
      spanName: "process mytopic",
      parent: SPAN_ID,
      contexts: [SPAN_ID],
      keys: ["kafka:mytopic/0@15"],
    },
  },
  {
    name: "self-managed Kafka with two partitions",
    source: KAFKA,
    event: {
      eventSource: "SelfManagedKafka",
      bootstrapServers: "b-2.demo:9092",
      records: { "mytopic-0": [kafkaRecord], "mytopic-1": [{ ...kafkaRecord, partition: 1, offset: 3, headers: [] }] },
    },
    expected: {
      by: "kafka",
      spanName: "process mytopic",
      parent: null,
      contexts: [SPAN_ID, null],
      keys: ["kafka:mytopic/0@15", "kafka:mytopic/1@3"],
    },
  },
  {
    name: "answer of ReceiveMessage",
    source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html",
    event: {
      Messages: [
        {
          MessageId: "5fea7756-0ea4-451a-a703-a558b933e274",
          ReceiptHandle: "MbZj6wDWli",
          Body: "This is a test message",
          MessageAttributes: { traceparent: { DataType: "Binary", BinaryValue: Buffer.from(TRACEPARENT) } },
        },
      ],
    },
    expected: {
      by: "aws.sqs.sdk",
      spanName: "process",
      parent: SPAN_ID,
      contexts: [SPAN_ID],
      keys: ["aws_sqs:5fea7756-0ea4-451a-a703-a558b933e274"],
    },
  },
  {
    name: "answer of ReceiveMessage with AWSTraceHeader",
    source: "https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html",
    event: [
      {
        MessageId: "m",
        ReceiptHandle: "r",
        Body: "",
        Attributes: { AWSTraceHeader: `Root=1-${TRACE_ID.slice(0, 8)}-${TRACE_ID.slice(8)};Parent=${SPAN_ID};Sampled=1` },
      },
    ],
    expected: { by: "aws.sqs.sdk", spanName: "process", parent: SPAN_ID, contexts: [SPAN_ID] },
  },
];
