import {
  base64,
  datadog,
  datadogExtension,
  type EventCase,
  lambdaPage,
  OTHER_SPAN_ID,
  OTHER_TRACEPARENT,
  pipesPage,
  powertools,
  sample,
  SPAN_ID,
  TRACE_ID,
  TRACEPARENT,
} from "./event-case.ts";

const SQS = powertools("sqs/base");
const BINARY = datadogExtension("sqs_event_binary");
const SNS_ENVELOPE = datadog("snssqs");
const EVENTBRIDGE = datadog("eventbridge-sqs");
const PIPES = pipesPage("eb-pipes-sqs");
const S3 = powertools("s3/sqs-event");
const XRAY = datadogExtension("eventbridge_sqs_java_header_event");
const DATADOG = datadog("sqs");
const FIFO = lambdaPage("with-sqs");
const DLQ = sample("aws-powertools/powertools-lambda-python", "tests/events/sqsDlqTriggerEvent.json");

/** A record as Lambda's SQS event source mapping makes it. */
export function sqsRecord(overrides: object = {}): object {
  return {
    messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
    receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
    body: "Test message.",
    attributes: {
      ApproximateReceiveCount: "2",
      SentTimestamp: "1545082649183",
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: "1545082649185",
    },
    messageAttributes: {},
    md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:my-queue",
    awsRegion: "us-east-2",
    ...overrides,
  };
}

const text = (stringValue: string) => ({ stringValue, stringListValues: [], binaryListValues: [], dataType: "String" });
const attributes = { ApproximateReceiveCount: "1", SentTimestamp: "1545082649183" };
const KEY = "aws_sqs:059f36b4-87a3-44ab-83d2-661975830a7d";
/** Where a message brought nothing else that leads to its sender. */
const CONTENT_KEY = "body_md5:e4e68fb7bd0e697a0ae8f1bb342846b3";
const byContext = { messageAttributes: { traceparent: text(TRACEPARENT) } };

const notification = (overrides: object = {}): string =>
  JSON.stringify({
    Type: "Notification",
    MessageId: "da41e39f-ea4d-435a-b922-c6aae3915ebe",
    TopicArn: "arn:aws:sns:us-west-2:123456789012:orders",
    Message: "test",
    Timestamp: "2012-04-25T21:49:25.719Z",
    SignatureVersion: "1",
    Signature: "EXAMPLE",
    SigningCertURL: "https://sns.us-west-2.amazonaws.com/cert.pem",
    UnsubscribeURL: "https://sns.us-west-2.amazonaws.com/",
    ...overrides,
  });
const envelopeAttributes = { MessageAttributes: { traceparent: { Type: "String", Value: TRACEPARENT } } };

const busEvent = {
  version: "0",
  id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  "detail-type": "OrderPlaced",
  source: "shop.orders",
  account: "111122223333",
  time: "2017-12-22T18:43:48Z",
  region: "us-west-1",
  resources: [],
  detail: { order: 7 },
};
const s3Event = {
  Records: [
    {
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-west-2",
      eventTime: "1970-01-01T00:00:00.000Z",
      eventName: "ObjectCreated:Put",
      s3: {
        s3SchemaVersion: "1.0",
        bucket: { name: "invoices", arn: "arn:aws:s3:::invoices" },
        object: { key: "july+1%2F2.pdf", size: 1024, eTag: "d41d8cd98f00b204e9800998ecf8427e", sequencer: "0055AED6" },
      },
    },
  ],
};
const S3_KEY = "aws.s3:invoices/july 1/2.pdf@d41d8cd98f00b204e9800998ecf8427e";

interface Row {
  name: string;
  source: string;
  records: object[];
  contexts: (string | null)[];
  keys?: string[];
  attributes?: EventCase["expected"]["attributes"];
}

const rows: Row[] = [
  {
    name: "one message with a context",
    source: SQS,
    records: [sqsRecord(byContext)],
    contexts: [SPAN_ID],
    keys: [KEY],
    attributes: {
      "faas.trigger": "pubsub",
      "messaging.system": "aws_sqs",
      "messaging.destination.name": "my-queue",
      "messaging.message.id": "059f36b4-87a3-44ab-83d2-661975830a7d",
      "hopscope.message.receive_count": 2,
      "hopscope.message.sent_ms": 1_545_082_649_183,
      "hopscope.message.first_received_ms": 1_545_082_649_185,
      "hopscope.message.body_md5": "e4e68fb7bd0e697a0ae8f1bb342846b3",
      "messaging.message.body.size": 13,
    },
  },
  { name: "one message without a context", source: SQS, records: [sqsRecord()], contexts: [null], keys: [KEY, CONTENT_KEY] },
  {
    name: "a mixed batch",
    source: SQS,
    records: [
      sqsRecord(byContext),
      sqsRecord({ messageId: "2" }),
      sqsRecord({ messageId: "3", messageAttributes: { traceparent: text(OTHER_TRACEPARENT) } }),
    ],
    contexts: [SPAN_ID, null, OTHER_SPAN_ID],
    keys: [KEY, "aws_sqs:2", CONTENT_KEY, "aws_sqs:3"],
    attributes: { "messaging.batch.message_count": 3 },
  },
  {
    name: "a Binary attribute, as raw delivery of SNS makes them",
    source: BINARY,
    records: [sqsRecord({ messageAttributes: { traceparent: { dataType: "Binary", binaryValue: base64(TRACEPARENT) } } })],
    contexts: [SPAN_ID],
  },
  {
    name: "AWSTraceHeader alone",
    source: XRAY,
    records: [
      sqsRecord({
        attributes: {
          ...attributes,
          AWSTraceHeader: `Root=1-${TRACE_ID.slice(0, 8)}-${TRACE_ID.slice(8)};Parent=${SPAN_ID};Sampled=1`,
        },
      }),
    ],
    contexts: [SPAN_ID],
  },
  {
    name: "an AWSTraceHeader of Lambda's own, which X-Ray does not sample",
    source: XRAY,
    records: [
      sqsRecord({
        attributes: {
          ...attributes,
          AWSTraceHeader: `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${TRACE_ID.slice(8)};Parent=${SPAN_ID};Sampled=0;Lineage=1:a87bd80c:0`,
        },
      }),
    ],
    contexts: [null],
  },
  {
    name: "Datadog's attribute",
    source: DATADOG,
    records: [
      sqsRecord({
        messageAttributes: {
          _datadog: text(JSON.stringify({ "x-datadog-trace-id": "4110911582297405551", "x-datadog-parent-id": "797643193680388251" })),
        },
      }),
    ],
    contexts: [797643193680388251n.toString(16).padStart(16, "0")],
  },
  {
    name: "an SNS envelope",
    source: SNS_ENVELOPE,
    records: [sqsRecord({ body: notification(envelopeAttributes) })],
    contexts: [SPAN_ID],
    keys: [KEY, "aws.sns:da41e39f-ea4d-435a-b922-c6aae3915ebe"],
    attributes: { "hopscope.message.via.system": "aws.sns", "hopscope.message.via.destination.name": "orders" },
  },
  {
    name: "an SNS envelope without a context",
    source: SNS_ENVELOPE,
    records: [sqsRecord({ body: notification() })],
    contexts: [null],
    keys: [KEY, "aws.sns:da41e39f-ea4d-435a-b922-c6aae3915ebe"],
  },
  {
    name: "an EventBridge event",
    source: EVENTBRIDGE,
    records: [sqsRecord({ body: JSON.stringify(busEvent) })],
    contexts: [null],
    keys: [KEY, "aws.eventbridge:6a7e8feb-b491-4cf7-a9f1-bf3703467718"],
    attributes: { "hopscope.message.via.system": "aws.eventbridge", "hopscope.message.via.destination.name": "shop.orders" },
  },
  {
    name: "an EventBridge event whose detail carries a context",
    source: EVENTBRIDGE,
    records: [sqsRecord({ body: JSON.stringify({ ...busEvent, detail: { traceparent: TRACEPARENT } }) })],
    contexts: [SPAN_ID],
  },
  {
    name: "an S3 event",
    source: S3,
    records: [sqsRecord({ body: JSON.stringify(s3Event) })],
    contexts: [null],
    keys: [KEY, S3_KEY],
  },
  {
    name: "an S3 event that came through SNS",
    source: S3,
    records: [sqsRecord({ body: notification({ Message: JSON.stringify(s3Event) }) })],
    contexts: [null],
    keys: [KEY, "aws.sns:da41e39f-ea4d-435a-b922-c6aae3915ebe", S3_KEY],
  },
  {
    name: "a message moved to a dead-letter queue",
    source: DLQ,
    records: [
      sqsRecord({
        attributes: { ...attributes, DeadLetterQueueSourceArn: "arn:aws:sqs:us-east-2:123456789012:payments" },
      }),
    ],
    contexts: [null],
    attributes: { "hopscope.dead_letter.source.name": "payments" },
  },
  {
    name: "a body that only looks like an envelope",
    source: SQS,
    records: [sqsRecord({ body: '{"TopicArn": broken' })],
    contexts: [null],
    keys: [KEY, CONTENT_KEY],
  },
];

export const sqsCases: readonly EventCase[] = [
  ...rows.map(({ name, source, records, contexts, keys, attributes: expected }) => ({
    name: `SQS: ${name}`,
    source,
    event: { Records: records },
    expected: {
      by: "aws.sqs",
      spanName: "process my-queue",
      kind: "consumer" as const,
      parent: contexts.length === 1 ? (contexts[0] ?? null) : null,
      contexts,
      ...(keys && { keys }),
      ...(expected && { attributes: expected }),
    },
  })),
  {
    name: "SQS: FIFO",
    source: FIFO,
    event: {
      Records: [
        sqsRecord({
          eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:fifo.fifo",
          attributes: { ...attributes, MessageGroupId: "1", SequenceNumber: "18849496460467696128" },
        }),
      ],
    },
    expected: { by: "aws.sqs", spanName: "process fifo.fifo", parent: null, contexts: [null] },
  },
  {
    name: "SQS: a list, as EventBridge Pipes hands it over",
    source: PIPES,
    event: [sqsRecord(byContext)],
    expected: { by: "aws.sqs", spanName: "process my-queue", parent: SPAN_ID, contexts: [SPAN_ID], keys: [KEY] },
  },
];

export { busEvent, s3Event, S3_KEY };
