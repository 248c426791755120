/** A message inside a message: SNS in SQS, EventBridge in SQS or SNS, S3 in any of them, Lambda destinations. */
import type { RemoteContext } from "../core/trace-parent.ts";
import { extractContext, messageAttributeGetter, memberGetter } from "./carrier.ts";
import { asObject, asText, type Fields, firstRecord, keyOf, lastPart, parseObject, recordsOf } from "./event-source.ts";
import { EVENTBRIDGE_SYSTEM, LAMBDA_SYSTEM, S3_SYSTEM, SNS_SYSTEM } from "./systems.ts";

/** What an envelope says about the way that a message came. */
export interface Envelope {
  readonly context: RemoteContext | undefined;
  /** Identities of the message at every earlier station. */
  readonly keys: readonly string[];
  /** `messaging.system` of the station before. */
  readonly system: string;
  /** Name of the topic, bus or bucket. */
  readonly name: string | undefined;
}

/** Longest body that is parsed, in characters: the largest SQS message is 1 MiB. */
const BODY_CHARS_MAX = 1_048_576;
/** Envelopes in envelopes: S3 in EventBridge in SNS in SQS, and one to spare. */
const DEPTH_MAX = 4;
/** What only an envelope contains; a search for it spares the parsing of every other body. */
const MARKS = /"TopicArn"|"detail-type"|"eventSource"\s*:\s*"aws:s3"|"requestContext"/;

/**
 * Opens the body of a message. Undefined for a body that is no envelope, which is the common case.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
export function openEnvelope(body: string | undefined, depth = 0): Envelope | undefined {
  if (!body || depth >= DEPTH_MAX || body.length > BODY_CHARS_MAX || !MARKS.test(body)) return undefined;
  const content = parseObject(body);
  if (!content) return undefined;
  if (content.Type === "Notification") return openNotification(content, depth);
  if (isEventBridge(content)) return openEventBridge(content);
  if (firstRecord(content)?.eventSource === "aws:s3") return openS3(content);
  return openDestination(content);
}

function openNotification(content: Fields, depth: number): Envelope {
  const inner = openEnvelope(asText(content.Message), depth + 1);
  const id = asText(content.MessageId);
  return {
    context: extractContext(messageAttributeGetter(content.MessageAttributes)) ?? inner?.context,
    keys: [...keyOf(SNS_SYSTEM, id), ...(inner?.keys ?? [])],
    system: SNS_SYSTEM,
    name: lastPart(asText(content.TopicArn)),
  };
}

/** Whether an object is an event of EventBridge, in whichever wrapping it came. */
export function isEventBridge(content: Fields): boolean {
  return typeof content["detail-type"] === "string" && typeof content.source === "string" && "detail" in content;
}

/** Identity and context of an EventBridge event; for one of S3 the object's identity too. */
export function openEventBridge(content: Fields): Envelope {
  const id = asText(content.id);
  const detail = asObject(content.detail);
  const keys = keyOf(EVENTBRIDGE_SYSTEM, id);
  if (content.source === "aws.s3") {
    const object = asObject(detail?.object);
    const key = s3Key(asObject(detail?.bucket)?.name, object?.key, object?.["version-id"], object?.etag);
    if (key) keys.push(key);
  }
  // What became of an asynchronous invocation, from the default bus.
  keys.push(...((detail && openDestination(detail)?.keys) ?? []));
  const context = extractContext(memberGetter(detail));
  return { context, keys, system: EVENTBRIDGE_SYSTEM, name: asText(content.source) };
}

function openS3(content: Fields): Envelope {
  const keys = recordsOf(content).flatMap((record) => describeS3(record).key ?? []);
  return { context: undefined, keys, system: S3_SYSTEM, name: describeS3(firstRecord(content)).bucket };
}

/** Bucket and identity of a record of an S3 event, whose keys are URL-encoded with `+` for a space. */
export function describeS3(record: unknown) {
  const s3 = asObject(asObject(record)?.s3);
  const bucket = asText(asObject(s3?.bucket)?.name);
  const object = asObject(s3?.object);
  const key = s3Key(bucket, decodeKey(asText(object?.key)), object?.versionId, object?.eTag);
  return { bucket, key, object };
}

function decodeKey(key: string | undefined): string | undefined {
  try {
    return key && decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}

/** Identity of one version of an object: by version id where the bucket has versions, else by ETag. */
export function s3Key(bucket: unknown, key: unknown, versionId: unknown, eTag: unknown): string | undefined {
  const version = asText(versionId) ?? asText(eTag)?.replaceAll('"', "");
  return asText(bucket) && asText(key) && version ? `${S3_SYSTEM}:${String(bucket)}/${String(key)}@${version}` : undefined;
}

/**
 * The record of an invocation that Lambda sends to a destination: of an asynchronous one, or of a batch of a stream
 * that was given up.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function openDestination(content: Fields): Envelope | undefined {
  const context = asObject(content.requestContext);
  const id = asText(context?.requestId);
  const arn = asText(context?.functionArn);
  if (!id || !arn) return undefined;
  const name = arn.split(":")[6];
  return { context: undefined, keys: [`${LAMBDA_SYSTEM}:${id}`], system: LAMBDA_SYSTEM, name };
}
