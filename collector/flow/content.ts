/**
 * Joining by content, the last resort: SNS passes a body on to a queue with raw delivery and nothing beside it, so
 * where a message's ten attributes were full neither context nor identity crossed. Both sides then recorded the body's
 * MD5. It joins only where exactly one publish within the window has it: of two equal bodies nobody knows which is
 * which, and any topic's publish counts, since no span says who is subscribed to what.
 */
import { BODY_MD5_KEY_PREFIX } from "../../schema/attributes.ts";
import { addTo } from "./grouped.ts";
import { toMs } from "./instant.ts";
import type { Send } from "./send.ts";
import { countUntil } from "./span-order.ts";
import type { Take } from "./take.ts";
import type { Unit } from "./unit.ts";

/** SNS delivers to SQS within milliseconds; this is what a bad minute of it takes, milliseconds. */
const DELIVERY_MAX_MS = 30_000;
/** How far the producer's clock may be ahead of the broker's, milliseconds. */
const CLOCK_AHEAD_MAX_MS = 5_000;
/**
 * Around a message: spans of everything that sent the same body in the window begin within this, however long the call
 * took, milliseconds.
 */
const NEAR_MS = 120_000;
/** A queue keeps a message for fourteen days at most, milliseconds. */
const QUEUE_RETENTION_MAX_MS = 14 * 86_400_000;
/** Traces that one look-up by a body may lead to: a fan-out and its attempts. A more common body joins nothing. */
export const CONTENT_TRACES_MAX = 64;

const TOPIC_SYSTEM = "aws.sns";
const QUEUE_SYSTEM = "aws_sqs";

/** Where a body was sent. */
export interface ContentSender {
  readonly unit: Unit;
  readonly send: Send;
}

/** Every send that recorded a body, by the body's MD5. */
export class ContentSends {
  /** MD5s of bodies that too many traces have for all of them to be looked at. */
  readonly crowded: ReadonlySet<string>;
  /** How many there were when units were joined: the set may grow. */
  readonly crowdedCount: number;
  /** Of each body in the order of time. */
  readonly #senders = new Map<string, ContentSender[]>();

  constructor(units: readonly Unit[], crowded: ReadonlySet<string> = new Set()) {
    this.crowded = crowded;
    this.crowdedCount = crowded.size;
    for (const unit of units) {
      for (const send of unit.sends) {
        if (send.failed || send.destination?.system !== TOPIC_SYSTEM) continue;
        for (const md5 of send.contents) addTo(this.#senders, md5, { unit, send });
      }
    }
    for (const senders of this.#senders.values()) senders.sort((a, b) => a.send.sentMs - b.send.sentMs);
  }

  /** At most so many of those that sent the body in between, the bounds left out. */
  #sendersIn(md5: string, { fromMs, untilMs, count }: { fromMs: number; untilMs: number; count: number }) {
    const senders = this.#senders.get(md5) ?? [];
    const start = countUntil(senders, ({ send }) => send.sentMs <= fromMs);
    return senders.slice(start, start + count).filter(({ send }) => send.sentMs < untilMs);
  }

  /** The publish that the message must be; `several` where it may be one of several, undefined where there is none. */
  senderOf(unit: Unit, take: Take): ContentSender | "several" | undefined {
    const { contentMd5 } = take;
    if (contentMd5 === undefined || take.destination?.system !== QUEUE_SYSTEM) return undefined;
    if (this.crowded.has(contentMd5)) return "several";
    const atMs = takenMs(unit, take);
    const near = { fromMs: atMs - DELIVERY_MAX_MS, untilMs: atMs + CLOCK_AHEAD_MAX_MS, count: 2 };
    const [only, other] = this.#sendersIn(contentMd5, near);
    if (only === undefined) return undefined;
    if (other) return "several";
    return only.unit === unit ? undefined : only;
  }

  /** Whether another publish of one of its bodies was so near that what received which cannot be told. */
  isAmbiguous(send: Send): boolean {
    return [...send.contents].some((md5) => {
      if (this.crowded.has(md5)) return true;
      const apartMaxMs = DELIVERY_MAX_MS + CLOCK_AHEAD_MAX_MS;
      const near = { fromMs: send.sentMs - apartMaxMs, untilMs: send.sentMs + apartMaxMs, count: 2 };
      return this.#sendersIn(md5, near).some((other) => other.send !== send);
    });
  }
}

/** When the message came into its queue, by the broker's clock where it gives that, milliseconds since the epoch. */
function takenMs(unit: Unit, take: Take): number {
  return take.sentMs ?? toMs(unit.entry.startTime);
}

/** A look-up by a body: who has it, in the order of time. */
export interface ContentAsk {
  /** Tells this look-up from others of the same body. */
  readonly id: string;
  /** As among the message keys. */
  readonly key: string;
  /** Spans that begin from here to {@link toMs}, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** All that begin up to here must be known, or nothing can be joined; milliseconds since the epoch. */
  readonly nearMs: number;
}

/** Who sent the body of this message, and who else sent the same. */
export function askForSender(unit: Unit, take: Take): ContentAsk | undefined {
  if (take.contentMd5 === undefined) return undefined;
  const atMs = takenMs(unit, take);
  return newAsk(take.contentMd5, { fromMs: atMs - NEAR_MS, toMs: atMs + NEAR_MS, nearMs: atMs + NEAR_MS });
}

/** Who took what was sent, one look-up for each body, and who else sent the same. */
export function asksForTakers({ contents, sentMs }: Send): ContentAsk[] {
  const range = { fromMs: sentMs - NEAR_MS, toMs: sentMs + QUEUE_RETENTION_MAX_MS, nearMs: sentMs + NEAR_MS };
  return [...contents].map((md5) => newAsk(md5, range));
}

function newAsk(md5: string, range: Omit<ContentAsk, "id" | "key">): ContentAsk {
  const [fromMs, toMs, nearMs] = [Math.floor(range.fromMs), Math.ceil(range.toMs), Math.ceil(range.nearMs)];
  const key = BODY_MD5_KEY_PREFIX + md5;
  return { id: `${key} ${String(fromMs)} ${String(toMs)}`, key, fromMs, toMs, nearMs };
}

/** The MD5 that an ask is about. */
export function md5OfAsk({ key }: ContentAsk): string {
  return key.slice(BODY_MD5_KEY_PREFIX.length);
}

/** Whether the store had more of it than it could give, already near the message. */
export function isCrowded(ask: ContentAsk, startsMs: readonly number[]): boolean {
  return startsMs.length > CONTENT_TRACES_MAX && (startsMs[CONTENT_TRACES_MAX] ?? 0) <= ask.nearMs;
}
