/**
 * Attribute names that more than one part of Hopscope reads or writes.
 *
 * OpenTelemetry semantic conventions where they have a name; `hopscope.*` only where they have none.
 * Everything here is a constant, so a bundler inlines it and the wrapper carries no table.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/
 */

// Resource.
export const SERVICE_NAME = "service.name";
export const SERVICE_VERSION = "service.version";
export const SERVICE_INSTANCE_ID = "service.instance.id";
export const DEPLOYMENT_ENVIRONMENT = "deployment.environment.name";
export const CLOUD_PROVIDER = "cloud.provider";
export const CLOUD_PLATFORM = "cloud.platform";
export const CLOUD_REGION = "cloud.region";
export const CLOUD_ACCOUNT_ID = "cloud.account.id";
export const CLOUD_RESOURCE_ID = "cloud.resource_id";
export const FAAS_NAME = "faas.name";
export const FAAS_VERSION = "faas.version";
export const FAAS_INSTANCE = "faas.instance";
/** Memory limit of the function, in bytes. */
export const FAAS_MAX_MEMORY = "faas.max_memory";

// Invocation.
/** What started the invocation: `http`, `pubsub`, `datasource`, `timer` or `other`. */
export const FAAS_TRIGGER = "faas.trigger";
export const FAAS_INVOCATION_ID = "faas.invocation_id";
export const FAAS_COLDSTART = "faas.coldstart";
/** `on-demand`, `provisioned-concurrency` or `snap-start`. */
export const INIT_TYPE = "hopscope.init.type";
/** From process start to the first invocation, in milliseconds (double); only on a cold start. */
export const INIT_DURATION_MS = "hopscope.init.duration_ms";
/** Time left before the deadline when the handler ended, in milliseconds (double). */
export const REMAINING_TIME_MS = "hopscope.remaining_time_ms";
/** Resident set size of the process when the handler ended, in bytes. */
export const MEMORY_USED = "hopscope.memory.used";
/** True on an invocation span that was sent because its deadline was about to pass. */
export const TIMED_OUT = "hopscope.timeout";
/** The event as it was given, redacted and cut, as JSON; only where payload capture is on. */
export const REQUEST_PAYLOAD = "hopscope.request.payload";
/** What the handler returned, redacted and cut, as JSON; only where payload capture is on. */
export const RESPONSE_PAYLOAD = "hopscope.response.payload";
/** Name of the service that called or sent, where it said so. */
export const SERVICE_PEER_NAME = "service.peer.name";
/** When the caller sent this request, by its own clock: milliseconds since the epoch (int). */
export const REQUEST_SENT_MS = "hopscope.request.sent_ms";
/** Trace in which the flow began, on a span of a trace that was started on its way (a batch of it). */
export const ORIGIN_TRACE_ID = "hopscope.origin.trace_id";

// Messages.
/** `aws_sqs`, `aws.sns`, `nats` ...; what foreign SDKs call `AmazonSQS` or `aws_sns` is read too. */
export const MESSAGING_SYSTEM = "messaging.system";
/** `create`, `send`, `receive`, `process` or `settle`. */
export const MESSAGING_OPERATION_TYPE = "messaging.operation.type";
export const MESSAGING_OPERATION_NAME = "messaging.operation.name";
/** Name of the queue, topic, stream, bus or bucket (not its ARN or URL). */
export const MESSAGING_DESTINATION_NAME = "messaging.destination.name";
export const MESSAGING_MESSAGE_ID = "messaging.message.id";
export const MESSAGING_BATCH_MESSAGE_COUNT = "messaging.batch.message_count";
/** Size of the message's body, in bytes. */
export const MESSAGING_MESSAGE_BODY_SIZE = "messaging.message.body.size";
/**
 * Identities (string array) of every message that the span sent or took, each
 * `<messaging.system>:<id the transport gave>`. A producer's key equals its consumer's:
 * that joins a hop even where no trace context crossed it. At most {@link MESSAGE_KEYS_MAX}.
 */
export const MESSAGE_KEYS = "hopscope.message.keys";
/**
 * When the message was sent, by the broker's clock, or by the sender's where the broker says nothing: milliseconds
 * since the epoch (int).
 */
export const MESSAGE_SENT_MS = "hopscope.message.sent_ms";
/** When the message was first delivered, by the broker's clock: milliseconds since the epoch (int). */
export const MESSAGE_FIRST_RECEIVED_MS = "hopscope.message.first_received_ms";
/** Which delivery attempt this is, 1 for the first (int): SQS ApproximateReceiveCount and its like. */
export const MESSAGE_RECEIVE_COUNT = "hopscope.message.receive_count";
/** MD5 of the body in hex, where the transport gives it (SQS) and identity may be lost on the way. */
export const MESSAGE_BODY_MD5 = "hopscope.message.body_md5";
/**
 * Begins a key among {@link MESSAGE_KEYS} that is no identity: `body_md5:<hex>`, recorded by both sides only where no
 * context could be sent (or was found) and the id may not have crossed. It finds the other side; it proves nothing.
 */
export const BODY_MD5_KEY_PREFIX = "body_md5:";
/** Destination that the message passed before this one (the SNS topic of a message taken from SQS). */
export const MESSAGE_VIA_NAME = "hopscope.message.via.destination.name";
/** `messaging.system` of {@link MESSAGE_VIA_NAME}. */
export const MESSAGE_VIA_SYSTEM = "hopscope.message.via.system";
/** True on a consumer span whose record was reported as failed, so that the transport delivers it again. */
export const MESSAGE_RETURNED = "hopscope.message.returned";
/** Name of the queue from which a message was moved here after its last failed attempt. */
export const DEAD_LETTER_SOURCE_NAME = "hopscope.dead_letter.source.name";
/**
 * Name of a span event that stands for one record of a batch which carried no trace context
 * (one that did is a link); its attributes are those of the message, as on a link.
 */
export const MESSAGE_EVENT = "hopscope.message";

/** Keys that one span may carry: ten entries a batch, two systems each, and room for a big stream batch. */
export const MESSAGE_KEYS_MAX = 10_000;

// Errors and HTTP.
export const ERROR_TYPE = "error.type";
export const EXCEPTION_TYPE = "exception.type";
export const EXCEPTION_MESSAGE = "exception.message";
export const EXCEPTION_STACKTRACE = "exception.stacktrace";
export const HTTP_REQUEST_METHOD = "http.request.method";
export const HTTP_ROUTE = "http.route";
export const HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
export const URL_PATH = "url.path";
export const SERVER_ADDRESS = "server.address";
export const RPC_SYSTEM = "rpc.system";
export const RPC_SERVICE = "rpc.service";
export const RPC_METHOD = "rpc.method";

/** The member of `tracestate` that is ours. */
export const TRACESTATE_KEY = "hs";
/** Name of the span from process start to the first invocation. */
export const INIT_SPAN_NAME = "init";

/** Attributes that name a table, collection or bucket: what a call that sends no message goes to. */
export const STORE_NAMES = ["db.collection.name", "aws.s3.bucket"] as const;
/** A list of tables, as several SDKs name them. */
export const TABLE_NAMES = "aws.dynamodb.table_names";
