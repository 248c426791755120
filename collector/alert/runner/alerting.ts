/** The alerts of a running collector: evaluates every minute, keeps state and outbox, sends. */
import { setTimeout as delay } from "node:timers/promises";
import type { ChannelInput } from "../../../schema/alert-rules.ts";
import type { Log } from "../../store/log.ts";
import type { Store } from "../../store/store.ts";
import { send as sendToChannel } from "../channel/send.ts";
import type { SendResult } from "../channel/post.ts";
import { EVALUATION_INTERVAL_MS } from "../engine/limits.ts";
import type { RuleState } from "../engine/types.ts";
import type { AlertMessage } from "../message/message.ts";
import { renderMessage, testMessage, type Background } from "../message/render.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { Known } from "../sample/known.ts";
import { newestTickMs, takeSamples } from "../sample/sampler.ts";
import { lookInto } from "./background.ts";
import { DependencyReader } from "../upstream/load.ts";
import { hasSilence, upstreamMutes, type UpstreamMutes } from "../upstream/explain.ts";
import type { Outcome } from "./evaluate-all.ts";
import { entryOf } from "./entry-of.ts";
import { evaluateExplained } from "./evaluate-explained.ts";
import {
  applyEntry,
  EMPTY_ENTRY,
  emptyJournal,
  joinEntries,
  type Delivery,
  type Journal,
  type JournalEntry,
} from "./journal.ts";
import { Lease, LeaseLostError } from "./lease.ts";
import { Outbox, type ChannelHealth } from "./outbox.ts";
import type { RuleBook } from "./rule-book.ts";

/** What the end of the collector has for its alerts, milliseconds. */
const CLOSE_BUDGET_MS = 500;
/** Pause between two looks at what is due, milliseconds. */
const LOOP_MS = 500;
/** Evaluations that a pause made it miss are made up for, so many at most: older ones concern nobody now. */
const CATCH_UP_MAX = 10;

/** The parts that alerting is made of; tests set the clocks, the lease and `send`. */
export interface AlertingOptions {
  readonly store: Store;
  readonly log: Log;
  readonly book: RuleBook;
  /** Where the UI is, for links; without a slash at its end. */
  readonly baseUrl: string;
  /** Whether channels may lead to loopback and private networks. */
  readonly allowPrivate: boolean;
  /** The store is this collector's alone. */
  readonly isExclusive: boolean;
  /** Silence after which another collector takes over, milliseconds. */
  readonly leaseMs?: number;
  readonly nowMs?: () => number;
  readonly monotonicMs?: () => number;
  readonly send?: (channel: ChannelInput, message: AlertMessage) => Promise<SendResult>;
}

/** What the page and the metrics show. */
export interface AlertingStatus {
  readonly isEvaluating: boolean;
  readonly lastTickMs: number;
  readonly lastDurationMs: number;
  readonly waiting: number;
  readonly error: string;
  readonly evaluations: number;
}

/** Silence after which another collector takes over: as long as a start or a long pause may take, milliseconds. */
const LEASE_MS = 30_000;
/** How often a collector that does not evaluate reads what the other decided, milliseconds. */
const FOLLOW_MS = 10_000;

/**
 * Evaluates every minute and sends what was decided, as long as this collector holds the lease; without it, shows what
 * the holder decides.
 */
export class Alerting {
  readonly #options: AlertingOptions;
  readonly #lease: Lease;
  readonly #outbox: Outbox;
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #dependencies: DependencyReader;
  readonly #known: Known;
  #journal: Journal = emptyJournal();
  #upstream: UpstreamMutes = new Map();
  /** Changes that are in the journal here and not yet in the store. */
  #unsaved: JournalEntry | null = null;
  readonly #finished: { id: string; error: string }[] = [];
  readonly #unsavedDeliveries = new Set<string>();
  #lastEvaluatedMonotonicMs = 0;
  #lastBeatMs = Number.NEGATIVE_INFINITY;
  #lastFollowedMs = Number.NEGATIVE_INFINITY;
  #lastDurationMs = 0;
  #evaluations = 0;
  #error = "";
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: AlertingOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#dependencies = new DependencyReader(options.store);
    this.#known = new Known(options.store);
    this.#lease = new Lease(options.store, {
      leaseMs: options.leaseMs ?? LEASE_MS,
      isExclusive: options.isExclusive,
      monotonicMs: this.#monotonicMs,
    });
    const { allowPrivate } = options;
    const send =
      options.send ?? ((channel, message) => sendToChannel(channel, message, { allowPrivate, nowMs: this.#nowMs() }));
    this.#outbox = new Outbox({
      send,
      channels: () => options.book.channels(),
      maySend: (delivery) => this.#maySend(delivery),
      onDone: (done) => {
        this.#finished.push(done);
        if (done.error !== "") options.log.warn({ id: done.id, error: done.error }, "an alert message was given up");
      },
      nowMs: this.#nowMs,
      random: Math.random,
    });
  }

  /** Begins; the first turn is made at once, in the background. */
  start(): void {
    const loop = (): void => {
      this.#turn = this.turn().finally(() => {
        if (this.#isClosed) return;
        this.#timer = setTimeout(loop, LOOP_MS);
        this.#timer.unref();
      });
    };
    loop();
  }

  /**
   * Ends: what is decided is saved, and the lease given back. What takes longer than `budgetMs` is left: a message
   * that is under way then is sent again after the next start, under the same key.
   */
  async close(budgetMs = CLOSE_BUDGET_MS): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const ended = (async () => {
      await this.#turn;
      await this.#outbox.idle();
      await this.#save();
      await this.#lease.release();
    })().catch((error: unknown) => {
      this.#options.log.warn({ error: messageOf(error) }, "alerts could not be saved at the end");
    });
    await Promise.race([ended, delay(budgetMs, undefined, { ref: false })]);
  }

  /** One look at what is due. Never throws. */
  async turn(): Promise<void> {
    try {
      await this.#holdLease();
      if (!this.#lease.isHolder) return;
      await this.#evaluateDue();
      await this.#save();
      this.#outbox.pump(this.#journal.outbox.values());
      this.#error = "";
    } catch (error) {
      if (error instanceof LeaseLostError) this.#forget();
      // A message that the store is down must not wait for the store.
      this.#collectDone();
      if (this.#lease.isHolder) this.#outbox.pump(this.#journal.outbox.values());
      const message = messageOf(error);
      if (message !== this.#error) this.#options.log.warn({ error: message }, "alerts");
      this.#error = message;
    }
  }

  status(): AlertingStatus {
    return {
      isEvaluating: this.#lease.isHolder,
      lastTickMs: this.#journal.tickMs,
      lastDurationMs: this.#lastDurationMs,
      waiting: this.#journal.outbox.size,
      error: this.#error,
      evaluations: this.#evaluations,
    };
  }

  /** States by rule id: of the collector that evaluates, live; of another, as last read. */
  states(): ReadonlyMap<string, RuleState> {
    return this.#journal.states;
  }

  /** Alerts that are not told because another one further up explains them; the words say which. */
  upstreamMutes(): UpstreamMutes {
    return this.#upstream;
  }

  channelHealth(): ReadonlyMap<string, Readonly<ChannelHealth>> {
    return this.#outbox.health;
  }

  /** Sends a test message to a channel at once, and notes the answer; undefined where there is no such channel. */
  async testChannel(name: string): Promise<SendResult | undefined> {
    const channel = this.#options.book.channels().get(name);
    if (channel === undefined) return undefined;
    const { allowPrivate, baseUrl } = this.#options;
    const message = testMessage(name, baseUrl, this.#nowMs());
    const send = this.#options.send ?? ((to, what) => sendToChannel(to, what, { allowPrivate, nowMs: this.#nowMs() }));
    const result = await send(channel, message);
    this.#outbox.note(name, result);
    return result;
  }

  async #holdLease(): Promise<void> {
    if (!this.#lease.isHolder) {
      const journal = await this.#lease.acquire();
      if (journal !== undefined) this.#journal = journal;
      else await this.#follow();
      return;
    }
    const nowMs = this.#monotonicMs();
    if (this.#options.isExclusive || nowMs - this.#lastBeatMs < (this.#options.leaseMs ?? LEASE_MS) / 6) return;
    this.#lastBeatMs = nowMs;
    try {
      await this.#lease.beat();
    } catch (error) {
      // A store that is down has no other holder either; evaluations then say that they fail.
      if (error instanceof LeaseLostError) throw error;
    }
  }

  /** What another collector decides is shown here too. */
  async #follow(): Promise<void> {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#lastFollowedMs < FOLLOW_MS) return;
    this.#lastFollowedMs = nowMs;
    this.#journal = await this.#lease.read();
    await this.#explain();
  }

  /** Which alerts of another collector's evaluation an upstream explains. */
  async #explain(): Promise<void> {
    const { states, tickMs } = this.#journal;
    const rules = this.#options.book.rules();
    this.#upstream = hasSilence(rules, states)
      ? upstreamMutes(rules, states, await this.#dependencies.at(tickMs), tickMs)
      : new Map();
  }

  async #evaluateDue(): Promise<void> {
    const nowMs = this.#nowMs();
    const newestMs = newestTickMs(nowMs);
    const lastMs = this.#journal.tickMs;
    const sinceMs = this.#monotonicMs() - this.#lastEvaluatedMonotonicMs;
    // A clock that was put back must not stop the evaluations until it has caught up.
    const isPutBack = newestMs < lastMs && this.#lastEvaluatedMonotonicMs > 0 && sinceMs >= EVALUATION_INTERVAL_MS;
    if (newestMs <= lastMs && !isPutBack) return;
    const firstMs =
      lastMs === 0 || isPutBack
        ? newestMs
        : Math.max(lastMs + EVALUATION_INTERVAL_MS, newestMs - (CATCH_UP_MAX - 1) * EVALUATION_INTERVAL_MS);
    for (let atMs = firstMs; atMs <= newestMs; atMs += EVALUATION_INTERVAL_MS) await this.#evaluate(atMs);
    this.#lastEvaluatedMonotonicMs = this.#monotonicMs();
  }

  async #evaluate(atMs: number): Promise<void> {
    const startMs = this.#monotonicMs();
    const { store, book } = this.#options;
    await book.refresh();
    const rules = book.rules();
    const samples = (await takeSamples(store, rules, [atMs], this.#known)).get(atMs) ?? new Map();
    const situation = {
      rules,
      states: this.#journal.states,
      known: this.#journal.known,
      samples,
      silences: book.silences(),
      inhibitions: book.inhibitions(),
      atMs,
      nowMs: this.#nowMs(),
    };
    const { outcome, upstream } = await evaluateExplained(situation, this.#dependencies);
    this.#upstream = upstream;
    const deliveries = await this.#deliveries(outcome, new Map(rules.map((rule) => [rule.rule.id, rule])));
    this.#adopt(entryOf(outcome, rules, deliveries, { journal: this.#journal, atMs }));
    // States that changed only in what they last saw are not worth a write, but are what the page shows.
    for (const [id, state] of outcome.states) if (state !== null) this.#journal.states.set(id, state);
    this.#journal.tickMs = atMs;
    this.#lastDurationMs = this.#monotonicMs() - startMs;
    this.#evaluations++;
  }

  async #deliveries(outcome: Outcome, rules: ReadonlyMap<string, CompiledRule>): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    for (const { rule, notification } of outcome.notifications) {
      if (rule.about.notify.length === 0) continue;
      const compiled = rules.get(rule.rule.id);
      const background: (Background | undefined)[] =
        compiled === undefined
          ? []
          : await lookInto(this.#options.store, compiled, notification, this.#options.baseUrl);
      const message = renderMessage(rule, notification, { baseUrl: this.#options.baseUrl, background });
      for (const channel of rule.about.notify) {
        deliveries.push({ id: `${message.id}@${channel}`, channel, createdMs: this.#nowMs(), message });
      }
    }
    return deliveries;
  }

  #adopt(entry: JournalEntry): void {
    applyEntry(this.#journal, entry);
    for (const { id } of entry.outbox) this.#unsavedDeliveries.add(id);
    this.#unsaved = this.#unsaved === null ? entry : joinEntries(this.#unsaved, entry);
  }

  /** What was taken since is no longer waiting, whether or not that can be written now. */
  #collectDone(): void {
    const done = this.#finished.splice(0);
    if (done.length > 0) this.#adopt({ ...EMPTY_ENTRY, done });
  }

  async #save(): Promise<void> {
    this.#collectDone();
    const entry = this.#unsaved;
    if (entry === null || !this.#lease.isHolder) return;
    await this.#lease.write(entry, this.#journal);
    if (this.#unsaved === entry) this.#unsaved = null;
    this.#unsavedDeliveries.clear();
  }

  /** A decision is sent once it is durable and nobody else can be sending it; that the store is down, at once. */
  #maySend({ id, message }: Delivery): boolean {
    if (message.kind === "broken") return true;
    return !this.#unsavedDeliveries.has(id) && this.#lease.isCertain;
  }

  #forget(): void {
    this.#journal = emptyJournal();
    this.#unsaved = null;
    this.#unsavedDeliveries.clear();
    this.#finished.splice(0);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
