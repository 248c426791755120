import { identityByItem, identityByKey } from "./dynamodb-identity.ts";
import {
  awsGo,
  awsRust,
  base64,
  datadog,
  datadogExtension,
  type EventCase,
  lambdaPage,
  pipesPage,
  powertools,
  sample,
  SPAN_ID,
  TRACE_ID,
  TRACEPARENT,
} from "./event-case.ts";
import { busEvent, s3Event, S3_KEY } from "./sqs.cases.ts";

const SNS = powertools("sns/base");
const SNS_BINARY = datadogExtension("sns_event_binary");
const EVENTBRIDGE = powertools("eventbridge/base");
const EVENTBRIDGE_DATADOG = datadog("eventbridge");
const S3_BRIDGE = powertools("s3/eventbridge-object-created");
const SCHEDULE = awsRust("eventbridge-schedule");
// The record by which AWS's sample reads it; what a schedule sends by itself is on no page.
const SCHEDULER = sample(
  "maschnetwork/svs402-java-serverless-migration",
  "after/scheduled-job/src/main/java/software/reinvent/serverlessflix/claps/EventBridgeSchedulerEvent.java",
);
const SCHEDULER_INPUT = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html";
const KINESIS = powertools("kinesis/stream");
const PIPES = pipesPage("eb-pipes-kinesis");
const FAN_OUT = "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html";
const DYNAMODB = lambdaPage("with-ddb");
const DYNAMODB_MILLISECONDS = sample(
  "aws/aws-lambda-dotnet",
  "Libraries/test/EventsTests.Shared/dynamodb-with-ms-event.json",
);
const DYNAMODB_PIPES = pipesPage("eb-pipes-dynamodb");
const S3 = powertools("s3/base");
const S3_BATCH = awsGo("s3-batch-job-event-request-1.0");
const MSK = lambdaPage("with-msk");
const KAFKA = lambdaPage("with-kafka");
const KAFKA_OLD = sample("aws-powertools/powertools-lambda-python", "tests/events/kafkaEventSelfManaged.json");
const KAFKA_PIPES = pipesPage("eb-pipes-kafka");
const ACTIVE_MQ = awsGo("activemq-event");
const RABBIT_MQ = awsGo("rabbitmq-event");
const MQ_PIPES = pipesPage("eb-pipes-mq");
const DOCUMENT_DB = awsRust("documentdb-insert-event");
const FIREHOSE = powertools("kinesis/firehose");
const RECEIVE = sample("aws/aws-sdk-js-v3", "clients/client-sqs/src/models/models_0.ts");

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

const BROKER = "arn:aws:mq:us-west-2:111122223333:broker:test:b-9bcfa592-423a-4942-879d-eb284b418fc8";
const activeMqMessage = {
  messageID: "ID:b-9bcfa592-423a-4942-879d-eb284b418fc8-1.mq.us-west-2.amazonaws.com-37557-1234520418293-4:1:1:1:1",
  messageType: "jms/text-message",
  timestamp: 1_599_863_938_941,
  deliveryMode: 1,
  destination: { physicalName: "testQueue" },
  redelivered: false,
  data: "RW50ZXIgc29tZSB0ZXh0Lg==",
  brokerInTime: 1_599_863_938_943,
  brokerOutTime: 1_599_863_938_944,
  properties: { traceparent: TRACEPARENT },
};
const rabbitMqMessage = {
  basicProperties: {
    contentType: "text/plain",
    headers: { traceparent: { bytes: [...Buffer.from(TRACEPARENT)] }, numberInHeader: 10 },
    deliveryMode: 1,
    messageId: null as string | null,
    timestamp: "Jan 1, 1970, 12:33:41 AM",
  },
  redelivered: false,
  data: "eyJ0aW1lb3V0IjowfQ==",
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
    source: SNS_BINARY,
    event: { Records: [snsRecord({ MessageAttributes: { traceparent: { Type: "Binary", Value: base64(TRACEPARENT) } } })] },
    expected: { by: "aws.sns", spanName: "process orders", parent: SPAN_ID, contexts: [SPAN_ID] },
  },
  {
    name: "SNS with an S3 event in it",
    source: SNS,
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
    source: EVENTBRIDGE_DATADOG,
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
    name: "EventBridge Scheduler without an input of one's own",
    source: SCHEDULER,
    event: {
      ...busEvent,
      "detail-type": "Scheduled Event",
      source: "aws.scheduler",
      resources: ["arn:aws:scheduler:us-east-2:123456789012:schedule/default/nightly"],
      detail: "{}",
    },
    expected: {
      by: "aws.eventbridge",
      spanName: "schedule nightly",
      kind: "server",
      parent: null,
      attributes: { "faas.trigger": "timer" },
    },
  },
  {
    name: "EventBridge Scheduler with an input that says so",
    source: SCHEDULER_INPUT,
    event: {
      scheduleArn: "arn:aws:scheduler:us-east-2:123456789012:schedule/default/nightly",
      scheduledTime: "2022-03-22T18:59:43Z",
      job: "sweep",
    },
    expected: { by: "aws.service", spanName: "schedule", parent: null, attributes: { "faas.trigger": "timer" } },
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
    name: "Kinesis with enhanced fan-out",
    source: FAN_OUT,
    event: {
      Records: [
        {
          ...kinesisRecord(),
          eventSourceARN: "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream/consumer/app:1540591608",
        },
      ],
    },
    expected: { by: "aws.kinesis", spanName: "process lambda-stream", parent: null, contexts: [null], keys: [KINESIS_KEY] },
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
    name: "DynamoDB stream with times in milliseconds",
    source: DYNAMODB_MILLISECONDS,
    event: {
      Records: [
        {
          eventID: "f07f8ca4b0b26cb9c4e5e77e69f274ee",
          eventName: "REMOVE",
          eventVersion: "1.1",
          eventSource: "aws:dynamodb",
          awsRegion: "us-east-1",
          userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
          dynamodb: {
            ApproximateCreationDateTime: 1_480_642_020_000,
            Keys: { Id: { N: "101" } },
            SequenceNumber: "1405400000000002063282832",
            SizeBytes: 54,
            StreamViewType: "OLD_IMAGE",
          },
          eventSourceARN: "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2016-12-01T00:00:00.000",
        },
      ],
    },
    expected: {
      by: "aws.dynamodb",
      spanName: "process orders",
      parent: null,
      contexts: [null],
      keys: [identityByKey("orders", { Id: 101 }, 1_480_642_020)],
    },
  },
  {
    name: "DynamoDB stream through EventBridge Pipes",
    source: DYNAMODB_PIPES,
    event: [
      {
        eventID: "1",
        eventVersion: "1.0",
        dynamodb: { Keys: { Id: { N: "101" } }, NewImage: newImage, SequenceNumber: "111", SizeBytes: 26 },
        awsRegion: "us-west-2",
        eventName: "INSERT",
        eventSourceARN: "arn:aws:dynamodb:us-east-1:111122223333:table/EventSourceTable",
        eventSource: "aws:dynamodb",
      },
    ],
    expected: { by: "aws.dynamodb", spanName: "process EventSourceTable", parent: null, contexts: [null], keys: [] },
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
      by: "aws.brokers",
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
      by: "aws.brokers",
      spanName: "process mytopic",
      parent: null,
      contexts: [SPAN_ID, null],
      keys: ["kafka:mytopic/0@15", "kafka:mytopic/1@3"],
    },
  },
  {
    name: "self-managed Kafka as older samples spell it",
    source: KAFKA_OLD,
    event: { eventSource: "aws:SelfManagedKafka", bootstrapServers: "b-2.demo:9092", records: { "mytopic-0": [kafkaRecord] } },
    expected: { by: "aws.brokers", spanName: "process mytopic", parent: SPAN_ID, contexts: [SPAN_ID] },
  },
  {
    name: "Kafka through EventBridge Pipes",
    source: KAFKA_PIPES,
    event: [
      {
        eventSource: "SelfManagedKafka",
        bootstrapServers: "b-2.demo:9092",
        eventSourceKey: "mytopic-0",
        ...kafkaRecord,
        partition: "0",
      },
    ],
    expected: {
      by: "aws.brokers",
      spanName: "process mytopic",
      parent: SPAN_ID,
      contexts: [SPAN_ID],
      keys: ["kafka:mytopic/0@15"],
      attributes: { "messaging.system": "kafka" },
    },
  },
  {
    name: "ActiveMQ",
    source: ACTIVE_MQ,
    event: { eventSource: "aws:mq", eventSourceArn: BROKER, messages: [activeMqMessage] },
    expected: {
      by: "aws.brokers",
      spanName: "process testQueue",
      kind: "consumer",
      parent: SPAN_ID,
      contexts: [SPAN_ID],
      keys: [`activemq:${activeMqMessage.messageID}`],
      attributes: {
        "faas.trigger": "pubsub",
        "messaging.system": "activemq",
        "hopscope.message.receive_count": 1,
        "hopscope.message.sent_ms": 1_599_863_938_941,
      },
    },
  },
  {
    name: "RabbitMQ with two queues",
    source: RABBIT_MQ,
    event: {
      eventSource: "aws:rmq",
      eventSourceArn: BROKER,
      rmqMessagesByQueue: {
        "orders::/": [{ ...rabbitMqMessage, redelivered: true }],
        "returns::/": [{ ...rabbitMqMessage, basicProperties: { headers: {}, messageId: "m1" } }],
      },
    },
    expected: {
      by: "aws.brokers",
      spanName: "process orders",
      parent: null,
      contexts: [SPAN_ID, null],
      keys: ["rabbitmq:m1"],
      attributes: { "messaging.system": "rabbitmq", "messaging.batch.message_count": 2 },
    },
  },
  {
    name: "ActiveMQ through EventBridge Pipes",
    source: MQ_PIPES,
    event: [
      {
        eventSource: "aws:amq",
        eventSourceArn: BROKER,
        ...activeMqMessage,
        properties: undefined,
        destination: { physicalname: "testQueue" },
      },
    ],
    expected: { by: "aws.brokers", spanName: "process testQueue", parent: null, contexts: [null] },
  },
  {
    name: "RabbitMQ through EventBridge Pipes",
    source: MQ_PIPES,
    event: [{ eventSource: "aws:rmq", eventSourceArn: BROKER, eventSourceKey: "pizzaQueue::/", ...rabbitMqMessage }],
    expected: { by: "aws.brokers", spanName: "process pizzaQueue", parent: SPAN_ID, contexts: [SPAN_ID], keys: [] },
  },
  {
    name: "changes of DocumentDB",
    source: DOCUMENT_DB,
    event: {
      eventSourceArn: "arn:aws:rds:us-east-1:123456789012:cluster:canaryclusterb2a659a2-qo5tcmqkcl03",
      events: [
        {
          event: {
            _id: { _data: "0163eeb6e7000000090100000009000041e1" },
            clusterTime: { $timestamp: { t: 1_676_588_775, i: 9 } },
            documentKey: { _id: { $oid: "63eeb6e7d418cd98afb1c1d7" } },
            ns: { db: "test_database", coll: "test_collection" },
            operationType: "insert",
          },
        },
      ],
      eventSource: "aws:docdb",
    },
    expected: {
      by: "aws.service",
      spanName: "process changes",
      kind: "consumer",
      parent: null,
      attributes: { "faas.trigger": "datasource" },
    },
  },
  {
    name: "records that Firehose has transformed",
    source: FIREHOSE,
    event: {
      invocationId: "2b4d1ad9-2f48-94bd-a088-767c317e994a",
      sourceKinesisStreamArn: "arn:aws:kinesis:us-east-1:123456789012:stream/kinesis-source",
      deliveryStreamArn: "arn:aws:firehose:us-east-2:123456789012:deliverystream/delivery-stream-name",
      region: "us-east-2",
      records: [{ data: "SGVsbG8gV29ybGQ=", recordId: "record1", approximateArrivalTimestamp: 1_664_028_820_148 }],
    },
    expected: {
      by: "aws.service",
      spanName: "transform records",
      kind: "consumer",
      parent: null,
      attributes: { "faas.trigger": "datasource" },
    },
  },
  {
    name: "task of S3 Batch Operations",
    source: S3_BATCH,
    event: {
      invocationSchemaVersion: "1.0",
      invocationId: "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
      job: { id: "f3cc4f60-61f6-4a2b-8a21-d07600c373ce" },
      tasks: [
        { taskId: "dGFza2lkZ29lc2hlcmUK", s3Key: "customerImage1.jpg", s3VersionId: "1", s3BucketArn: "arn:aws:s3:us-east-1:0123456788:b" },
      ],
    },
    expected: {
      by: "aws.service",
      spanName: "process objects",
      kind: "consumer",
      parent: null,
      attributes: { "faas.trigger": "datasource" },
    },
  },
  {
    name: "answer of ReceiveMessage",
    source: RECEIVE,
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
    source: RECEIVE,
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
