/** A message as one side recorded it: on a span, on a link, or in an event of a batch. */
import * as names from "../../schema/attributes.ts";
import type { Attributes, Span } from "../../schema/flow.ts";
import { canonicalSystem } from "../../schema/message-systems.ts";
import { OLDER_DESTINATIONS, OLDER_INVOCATION_ID, OLDER_MESSAGE_ID, OLDER_OPERATION } from "../../schema/older-names.ts";
import { isTrue, number, text, texts } from "./attribute-readers.ts";

/** A queue, topic, stream, bus or bucket. */
export interface Destination {
  readonly system: string;
  readonly name: string;
  /** The cloud account that it is in, where that is known: two may have queues of one name. */
  readonly account?: string | undefined;
}

/** What one side knows of a message; what it did not record is absent. */
export interface Message {
  /** Identities, `<system>:<id>`, the system in its canonical spelling. */
  readonly keys: readonly string[];
  readonly destination?: Destination | undefined;
  /** What the message passed before its destination: the topic that a queue is subscribed to. */
  readonly via?: Destination | undefined;
  /** By the broker's clock, milliseconds since the epoch. */
  readonly sentMs?: number | undefined;
  /** By the broker's clock, milliseconds since the epoch. */
  readonly firstReceivedMs?: number | undefined;
  readonly receiveCount?: number | undefined;
  /** Name of the queue from which the message was moved. */
  readonly deadLetterSource?: string | undefined;
  /** MD5 of the body in hex, where that is all that may lead to the sender. */
  readonly contentMd5?: string | undefined;
  /** The record was reported as failed. */
  readonly returned: boolean;
}

/** `messaging.system` of one function invoking another. */
export const FUNCTION_SYSTEM = "aws.lambda";

/** The identities that these attributes hold; `fallback` gives the system to a link that names only an id. */
export function messageKeys(attributes: Attributes, fallback: Attributes = attributes): string[] {
  const own = texts(attributes, names.MESSAGE_KEYS).filter(isIdentity).map(canonicalKey);
  if (own.length > 0) return own;
  const id = text(attributes, names.MESSAGING_MESSAGE_ID) ?? text(attributes, OLDER_MESSAGE_ID);
  const system = text(attributes, names.MESSAGING_SYSTEM) ?? text(fallback, names.MESSAGING_SYSTEM);
  return id !== undefined && system !== undefined ? [`${canonicalSystem(system)}:${id}`] : [];
}

function isIdentity(key: string): boolean {
  return !key.startsWith(names.BODY_MD5_KEY_PREFIX);
}

/** The MD5s of bodies that were recorded because nothing else may lead to the other side. */
export function contentMd5s(attributes: Attributes): string[] {
  const keys = texts(attributes, names.MESSAGE_KEYS).filter((key) => !isIdentity(key));
  return keys.map((key) => key.slice(names.BODY_MD5_KEY_PREFIX.length));
}

function canonicalKey(key: string): string {
  const colon = key.indexOf(":");
  return colon < 0 ? key : canonicalSystem(key.slice(0, colon)) + key.slice(colon);
}

/** What the span does with messages: `send`, `receive`, `process` and their like. */
export function operationOf({ attributes }: Pick<Span, "attributes">): string | undefined {
  return (
    text(attributes, names.MESSAGING_OPERATION_TYPE) ??
    text(attributes, names.MESSAGING_OPERATION_NAME) ??
    text(attributes, OLDER_OPERATION)
  );
}

/** The request's id, by which the platform names an invocation. */
export function invocationIdOf({ attributes }: Pick<Span, "attributes">): string | undefined {
  return text(attributes, names.FAAS_INVOCATION_ID) ?? text(attributes, OLDER_INVOCATION_ID);
}

/** Whether the span is a run of a function, by its own word. */
export function isInvocation(span: Pick<Span, "attributes">): boolean {
  return span.attributes[names.FAAS_TRIGGER] !== undefined || invocationIdOf(span) !== undefined;
}

/** Whether the span fetches messages for others to process: most often it ends before they begin. */
export function isPoll(span: Pick<Span, "attributes">): boolean {
  return operationOf(span) === "receive" && !isInvocation(span);
}

/** The identity of an invocation itself, where its span names it: what Lambda tells a destination of it. */
export function runKeyOf({ attributes }: Pick<Span, "attributes">): string | undefined {
  const id = text(attributes, names.FAAS_INVOCATION_ID);
  const key = id === undefined ? undefined : `${FUNCTION_SYSTEM}:${id}`;
  return key !== undefined && texts(attributes, names.MESSAGE_KEYS).includes(key) ? key : undefined;
}

/** The id without its system. */
export function messageIdOf(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}

/** Where these attributes say that the message went to, or came from. */
export function destinationOf(attributes: Attributes, fallback: Attributes = attributes): Destination | undefined {
  const system = text(attributes, names.MESSAGING_SYSTEM) ?? text(fallback, names.MESSAGING_SYSTEM);
  const named = destinationName(attributes) ?? destinationName(fallback);
  if (system === undefined || named === undefined) return undefined;
  return { system: canonicalSystem(system), name: named, account: accountOf(attributes) ?? accountOf(fallback) };
}

/** URLs of queues and ARNs hold the account. */
function accountOf(attributes: Attributes): string | undefined {
  for (const name of ["aws.sqs.queue.url", "aws.sns.topic.arn", names.MESSAGING_DESTINATION_NAME]) {
    const address = text(attributes, name);
    const account = address && /(?:^https?:\/\/[^/]+\/|^arn:[^:]+:[^:]+:[^:]*:)(\d{12})\b/.exec(address)?.[1];
    if (account) return account;
  }
  return undefined;
}

function destinationName(attributes: Attributes): string | undefined {
  const name =
    text(attributes, names.MESSAGING_DESTINATION_NAME) ??
    OLDER_DESTINATIONS.map((older) => text(attributes, older)).find((found) => found !== undefined);
  return name === undefined ? undefined : shortName(name);
}

/** SDKs put a name, a URL or an ARN there: the last part is the name. */
function shortName(name: string): string {
  if (/^https?:\/\//.test(name)) return name.slice(name.lastIndexOf("/") + 1);
  return name.startsWith("arn:") ? name.slice(name.lastIndexOf(":") + 1) : name;
}

/** Of one message: a span that lists the keys of a whole batch has no body of its own. */
function contentOf(attributes: Attributes): string | undefined {
  const md5 = text(attributes, names.MESSAGE_BODY_MD5);
  return md5 !== undefined && contentMd5s(attributes).includes(md5) ? md5 : undefined;
}

/** Which delivery it is: ours, and what brokers call it that count themselves. */
const RECEIVE_COUNTS = [
  names.MESSAGE_RECEIVE_COUNT,
  "messaging.servicebus.message.delivery_count",
  "messaging.gcp_pubsub.message.delivery_attempt",
] as const;

/** When the broker took it, in seconds since the epoch. */
const ENQUEUED_TIMES = ["messaging.servicebus.message.enqueued_time", "messaging.eventhubs.message.enqueued_time"] as const;

function enqueuedMs(attributes: Attributes): number | undefined {
  const seconds = ENQUEUED_TIMES.map((name) => number(attributes, name)).find((time) => time !== undefined);
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Reads the message that `attributes` describe; `fallback` (the span's) fills in system and destination. */
export function readMessage(attributes: Attributes, fallback: Attributes = attributes): Message {
  const viaName = text(attributes, names.MESSAGE_VIA_NAME);
  const viaSystem = text(attributes, names.MESSAGE_VIA_SYSTEM) ?? "aws.sns";
  return {
    keys: messageKeys(attributes, fallback),
    destination: destinationOf(attributes, fallback),
    via: viaName === undefined ? undefined : { system: canonicalSystem(viaSystem), name: viaName },
    sentMs: number(attributes, names.MESSAGE_SENT_MS) ?? enqueuedMs(attributes),
    firstReceivedMs: number(attributes, names.MESSAGE_FIRST_RECEIVED_MS),
    receiveCount: RECEIVE_COUNTS.map((name) => number(attributes, name)).find((count) => count !== undefined),
    deadLetterSource: text(attributes, names.DEAD_LETTER_SOURCE_NAME),
    contentMd5: contentOf(attributes),
    returned: isTrue(attributes, names.MESSAGE_RETURNED),
  };
}
