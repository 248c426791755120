/** What a unit took: one entry a message, in whichever form an SDK records it. */
import * as names from "../../schema/attributes.ts";
import type { Span, SpanLink } from "../../schema/flow.ts";
import { number } from "./attribute-readers.ts";
import { messageKeys, operationOf, readMessage, runKeyOf, type Message } from "./message.ts";
import { isSendSpan } from "./send.ts";
import type { SpanIndex } from "./span-index.ts";

/** A message as its taker recorded it. */
export interface Take extends Message {
  /** The span that the message's trace context names. */
  readonly context?: { readonly traceId: string; readonly spanId: string } | undefined;
  /** The span that recorded it. */
  readonly span: Span;
}

/** Whether a span can take messages at all. */
function canTake(span: Span, isEntry: boolean): boolean {
  if (isSendSpan(span)) return false;
  if (span.kind === "consumer" || isEntry) return true;
  return operationOf(span) === "receive";
}

/**
 * A link from one consumer to another that took the same message names the batch, not the cause:
 * a `process` span links to the invocation or to the `receive` span that it is part of.
 */
export function isMembership(span: Span, link: SpanLink, index: SpanIndex): boolean {
  const target = index.find(link.traceId, link.spanId);
  if (target === undefined || span.kind !== "consumer") return false;
  if (target.kind !== "consumer" && target.kind !== "server") return false;
  return operationOf(target) === "receive" || tookOneMessage(span, target);
}

/** What was asked of a span's messages: it may have as many links as a batch has messages. */
interface KnownMessages {
  readonly keys: ReadonlySet<string>;
  /** Whether these took one of them, too. */
  readonly others: Map<Span, boolean>;
}

const knownMessages = new WeakMap<Span, KnownMessages>();

function tookOneMessage(span: Span, other: Span): boolean {
  const { keys, others } = messagesOf(span);
  const known = others.get(other);
  if (known !== undefined) return known;
  const otherKeys = messagesOf(other).keys;
  const [few, many] = keys.size < otherKeys.size ? [keys, otherKeys] : [otherKeys, keys];
  const isShared = [...few].some((key) => many.has(key));
  others.set(other, isShared);
  return isShared;
}

/** Every identity that a span, its links and its events name. */
function messagesOf(span: Span): KnownMessages {
  const known = knownMessages.get(span);
  if (known) return known;
  const keys = new Set(messageKeys(span.attributes));
  for (const { attributes } of [...span.links, ...span.events]) {
    for (const key of messageKeys(attributes, span.attributes)) keys.add(key);
  }
  const made = { keys, others: new Map() };
  knownMessages.set(span, made);
  return made;
}

/** The messages that one span says it took. */
export function takesOfSpan(span: Span, isEntry: boolean, index: SpanIndex): Take[] {
  if (!canTake(span, isEntry)) return [];
  const own: Take = { ...readMessage(span.attributes), span };
  const records: Take[] = [];
  for (const link of span.links) {
    if (isMembership(span, link, index)) continue;
    const context = { traceId: link.traceId, spanId: link.spanId };
    records.push({ ...readMessage(link.attributes, span.attributes), context, span });
  }
  for (const event of span.events) {
    if (event.name !== names.MESSAGE_EVENT && messageKeys(event.attributes, span.attributes).length === 0) continue;
    records.push({ ...readMessage(event.attributes, span.attributes), span });
  }
  const [only] = records;
  const count = number(span.attributes, names.MESSAGING_BATCH_MESSAGE_COUNT) ?? 1;
  if (only === undefined) return describesMessage(span, own) ? splitKeys(own, count) : [];
  if (records.length === 1 && count <= 1) return [mergeTakes(only, own)];
  const named = new Set(records.flatMap((record) => record.keys));
  const itself = runKeyOf(span);
  const unnamed = own.keys.filter((key) => key !== itself && !named.has(key));
  return [...records, ...unnamed.map((key) => ({ ...own, keys: [key] }))];
}

function describesMessage(span: Span, own: Take): boolean {
  return span.kind === "consumer" || own.keys.length > 0;
}

/** Of a batch whose span only lists ids, each id is a message; otherwise they are names of one and the same. */
function splitKeys(take: Take, count: number): Take[] {
  if (count <= 1 || take.keys.length === 0) return [take];
  return take.keys.map((key) => ({ ...take, keys: [key] }));
}

/** One message that was recorded twice: what the first does not say, the second does. */
export function mergeTakes(first: Take, second: Take): Take {
  return { ...mergeApartFromKeys(first, second), keys: [...new Set([...first.keys, ...second.keys])] };
}

function mergeApartFromKeys(first: Take, second: Take): Take {
  return {
    keys: first.keys,
    destination: first.destination ?? second.destination,
    via: first.via ?? second.via,
    sentMs: first.sentMs ?? second.sentMs,
    firstReceivedMs: first.firstReceivedMs ?? second.firstReceivedMs,
    receiveCount: first.receiveCount ?? second.receiveCount,
    deadLetterSource: first.deadLetterSource ?? second.deadLetterSource,
    contentMd5: first.contentMd5 ?? second.contentMd5,
    returned: first.returned || second.returned,
    context: first.context ?? second.context,
    span: first.span,
  };
}

/** Each message once: two takes with a key in common, or of one context where one has no key, are one. */
export function distinctTakes(takes: Take[]): Take[] {
  if (takes.length < 2) return takes;
  const merged: { take: Take; readonly keys: Set<string> }[] = [];
  const byKey = new Map<string, number>();
  const byContext = new Map<string, number>();
  for (const take of takes) {
    const context = take.context && take.context.traceId + take.context.spanId;
    const sameKey = take.keys.map((key) => byKey.get(key)).find((at) => at !== undefined);
    const sameContext = context === undefined ? undefined : byContext.get(context);
    const other = sameContext === undefined ? undefined : merged[sameContext];
    const foldable = other && (other.keys.size === 0 || take.keys.length === 0);
    const at = sameKey ?? (foldable ? sameContext : undefined) ?? merged.length;
    const known = merged[at];
    if (known) known.take = mergeApartFromKeys(known.take, take);
    const { keys } = (merged[at] ??= { take, keys: new Set() });
    for (const key of take.keys) {
      keys.add(key);
      byKey.set(key, at);
    }
    if (context !== undefined && !byContext.has(context)) byContext.set(context, at);
  }
  return merged.map(({ take, keys }) => (keys.size === take.keys.length ? take : { ...take, keys: [...keys] }));
}
