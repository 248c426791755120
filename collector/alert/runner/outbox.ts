/** Sends what was decided, again and again until it is taken, in the order of each incident. */
import type { ChannelInput } from "../../../schema/alert-rules.ts";
import type { SendResult } from "../channel/post.ts";
import type { AlertMessage } from "../message/message.ts";
import type { Delivered, Delivery } from "./journal.ts";

/** First pause after a failed try; it doubles with each, milliseconds. */
const BACKOFF_FIRST_MS = 1_000;
/** Longest pause of its own making, milliseconds. */
const BACKOFF_MAX_MS = 300_000;
/** What nobody took for this long is no news any more, milliseconds. */
const DELIVERY_AGE_MAX_MS = 24 * 3_600_000;
/** Tries at a time to one channel. */
const CHANNEL_TRIES_MAX = 4;

/** How a channel does, for the page and the metrics. */
export interface ChannelHealth {
  lastOkMs: number;
  lastErrorMs: number;
  lastError: string;
  sent: number;
  failedTries: number;
  givenUp: number;
}

/** How one try is made, and who decides and hears of it. */
export interface OutboxOptions {
  readonly send: (channel: ChannelInput, message: AlertMessage) => Promise<SendResult>;
  readonly channels: () => ReadonlyMap<string, ChannelInput>;
  /** Asked just before each try: whether this collector may send the message. */
  readonly maySend: (delivery: Delivery) => boolean;
  readonly onDone: (done: Delivered) => void;
  readonly nowMs: () => number;
  /** A number from 0 to 1 that spreads retries. */
  readonly random: () => number;
}

interface Tries {
  count: number;
  nextMs: number;
  isRunning: boolean;
}

/** Tries and tries again, with growing pauses, until a message is taken or a day old. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #tries = new Map<string, Tries>();
  readonly #running = new Set<Promise<void>>();
  readonly health = new Map<string, ChannelHealth>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Starts every try that is due; later messages of an incident wait for earlier ones. Returns at once. */
  pump(deliveries: Iterable<Delivery>): void {
    const nowMs = this.#options.nowMs();
    const blocked = new Set<string>();
    const busy = new Map<string, number>();
    const waiting = [...deliveries];
    for (const { id, channel } of waiting) {
      if (this.#tries.get(id)?.isRunning) busy.set(channel, (busy.get(channel) ?? 0) + 1);
    }
    for (const delivery of waiting) {
      const queue = JSON.stringify([delivery.channel, delivery.message.incident]);
      if (blocked.has(queue)) continue;
      blocked.add(queue);
      const tries = this.#tries.get(delivery.id) ?? { count: 0, nextMs: 0, isRunning: false };
      const tooMany = (busy.get(delivery.channel) ?? 0) >= CHANNEL_TRIES_MAX;
      if (tries.isRunning || tooMany || tries.nextMs > nowMs || !this.#options.maySend(delivery)) continue;
      busy.set(delivery.channel, (busy.get(delivery.channel) ?? 0) + 1);
      this.#tries.set(delivery.id, { ...tries, isRunning: true });
      const run = this.#try(delivery, tries.count, waiting).finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  /** Notes what a channel answered last, to a message or to a test. */
  note(channel: string, result: SendResult): void {
    const health = this.#healthOf(channel);
    const nowMs = this.#options.nowMs();
    if (result.ok) health.lastOkMs = nowMs;
    else Object.assign(health, { lastErrorMs: nowMs, lastError: result.error });
  }

  /** Resolves when no try is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #try(delivery: Delivery, count: number, all: readonly Delivery[]): Promise<void> {
    const { send, channels, onDone, nowMs, random } = this.#options;
    const channel = channels().get(delivery.channel);
    const health = this.#healthOf(delivery.channel);
    if (channel === undefined) {
      this.#giveUp(delivery, all, `there is no channel "${delivery.channel}" any more`);
      return;
    }
    const result = await send(channel, delivery.message);
    this.note(delivery.channel, result);
    if (result.ok) {
      health.sent++;
      this.#tries.delete(delivery.id);
      onDone({ id: delivery.id, error: "" });
      return;
    }
    health.failedTries++;
    if (nowMs() - delivery.createdMs > DELIVERY_AGE_MAX_MS) {
      this.#giveUp(delivery, all, result.error);
      return;
    }
    const backoffMs = Math.min(BACKOFF_FIRST_MS * 2 ** count, BACKOFF_MAX_MS) * (0.75 + random() / 2);
    const nextMs = nowMs() + Math.max(backoffMs, result.retryAfterMs ?? 0);
    this.#tries.set(delivery.id, { count: count + 1, nextMs, isRunning: false });
  }

  /** An incident whose beginning nobody took does not have its end told either. */
  #giveUp(delivery: Delivery, all: readonly Delivery[], error: string): void {
    const same = all.filter(
      (one) => one.channel === delivery.channel && one.message.incident === delivery.message.incident,
    );
    for (const { id } of same) {
      this.#tries.delete(id);
      this.#healthOf(delivery.channel).givenUp++;
      this.#options.onDone({ id, error });
    }
  }

  #healthOf(channel: string): ChannelHealth {
    let health = this.health.get(channel);
    if (health === undefined) {
      health = { lastOkMs: 0, lastErrorMs: 0, lastError: "", sent: 0, failedTries: 0, givenUp: 0 };
      this.health.set(channel, health);
    }
    return health;
  }
}
