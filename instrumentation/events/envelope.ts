/** A message inside a message: what SNS writes into the body of an SQS message unless delivery is raw. */
import type { SpanContext } from "@opentelemetry/api";
import { extractContext, messageAttributeGetter } from "./carrier.ts";
import { asObject, asText, lastPart } from "./event-source.ts";

/** What an envelope says about the way that a message came. */
export interface Envelope {
  readonly context: SpanContext | undefined;
  readonly keys: readonly string[];
  readonly system: string;
  /** Name of the topic. */
  readonly name: string | undefined;
}

/** Longest body that is parsed, in characters: the largest SQS message is 1 MiB. */
const BODY_CHARS_MAX = 1_048_576;

/**
 * Opens the body of an SQS message. Undefined for a body that is no envelope, which is the common case and
 * costs one search.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function openEnvelope(body: string | undefined): Envelope | undefined {
  if (!body || body.length > BODY_CHARS_MAX || !body.includes('"TopicArn"')) return undefined;
  const content = parseObject(body);
  return content?.Type === "Notification" ? openNotification(content) : undefined;
}

function openNotification(content: Record<string, unknown>): Envelope {
  const id = asText(content.MessageId);
  return {
    context: extractContext(messageAttributeGetter(content.MessageAttributes)),
    keys: id ? [`aws.sns:${id}`] : [],
    system: "aws.sns",
    name: lastPart(asText(content.TopicArn)),
  };
}

/** The object that `text` is in JSON, or undefined. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}
