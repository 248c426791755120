/**
 * From what waits to the collector: one export at a time, and a circuit breaker that keeps a broken collector from
 * costing the function anything after the first failure.
 */
import { monotonicMs } from "./clock.ts";
import { BACKGROUND_EXPORT_MS, BREAKER_PAUSE_MAX_MS, BREAKER_PAUSE_MS } from "./limits.ts";
import type { Poster, PostResult } from "./post.ts";
import { report } from "./report.ts";

/** Bytes of requests that are kept for another attempt; the oldest go first beyond it. */
const RETAINED_BYTES_MAX = 4 * 1024 * 1024;

/** Sends what a subclass gathers, when told to. */
export abstract class Exporter {
  readonly #poster: Poster;
  /** Requests that were encoded: one that fails is sent again byte for byte, so that the collector knows it. */
  #bodies: Buffer[] = [];
  #sending: Promise<void> | undefined;
  #failures = 0;
  #pausedUntilMs = 0;
  /** Whether the collector ever took anything. */
  protected isKnown = false;
  /** Called when something was added; a long-running process arms its timer here. */
  onAdd: (() => void) | undefined;

  constructor(poster: Poster) {
    this.#poster = poster;
  }

  /** What waits and is not encoded yet, in whichever unit. */
  protected abstract get waiting(): number;
  /** For messages to the user: what is sent. */
  protected abstract readonly what: string;
  /** Takes some of what waits out, as one request; undefined where it cannot be encoded. */
  protected abstract takeWaiting(): Buffer | undefined;
  /** The collector refused what was sent for another reason than what it holds; whether that is for good. */
  protected isFinal?(status: number | undefined): boolean;

  /** Whether anything waits to be sent. */
  get pending(): number {
    return this.waiting + this.#bodies.length;
  }

  /** Whether the collector failed at the last export. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /**
   * At the start of an invocation: loads what the flush at its end needs, and tries a collector that failed
   * before, both while the handler runs and nobody waits.
   */
  prepare(): void {
    void this.#poster.load().catch(() => undefined);
    if (this.failing && this.pending > 0 && !this.#paused()) void this.flushInBackground();
  }

  /**
   * Sends everything that waits. Resolves when that is done or `budgetMs` has passed, at once while the
   * collector is known to be failing, and never rejects.
   */
  async flush(budgetMs: number): Promise<void> {
    const deadlineMs = monotonicMs() + budgetMs;
    if (budgetMs <= 0 || this.pending === 0 || this.failing) return;
    if (this.#sending) await within(this.#sending, budgetMs);
    if (!this.#sending && this.pending > 0) await this.#start(deadlineMs);
  }

  /** Sends what waits, in more time than anyone waits for it; also the one attempt after a pause. */
  async flushInBackground(): Promise<void> {
    if (this.#sending) return this.#sending;
    if (this.pending === 0 || this.#paused()) return;
    await this.#start(monotonicMs() + BACKGROUND_EXPORT_MS);
  }

  /** Takes every waiting request out, encoded, for someone who sends them by other means. */
  takeBodies(): Buffer[] {
    this.#encode();
    const bodies = this.#bodies;
    this.#bodies = [];
    return bodies;
  }

  #start(deadlineMs: number): Promise<void> {
    this.#sending = this.#drain(deadlineMs)
      .catch((error: unknown) => report(`${this.what} could not be sent: ${String(error)}`))
      .finally(() => {
        this.#sending = undefined;
      });
    return this.#sending;
  }

  async #drain(deadlineMs: number): Promise<void> {
    while (this.pending > 0) {
      this.#encode();
      const body = this.#bodies[0];
      const leftMs = deadlineMs - monotonicMs();
      if (!body || leftMs <= 0) return;
      const result = await this.#poster.post(body, leftMs);
      if (result.kind !== "retry" && this.#bodies[0] === body) this.#bodies.shift();
      if (!this.#judge(result)) return;
    }
  }

  /** Sets the breaker by the outcome of one export. Returns whether to go on with the next. */
  #judge(result: PostResult): boolean {
    if (result.kind === "rejected") report(`the collector rejected ${this.what} (${result.reason}); they are dropped`);
    this.isKnown ||= result.kind === "accepted";
    if (result.kind === "accepted" || result.kind === "rejected") {
      this.#failures = 0;
      return true;
    }
    const isFinal = result.kind === "refused" && this.isFinal?.(result.status);
    const then = isFinal ? "they are dropped" : "trying again later";
    report(`the collector does not take ${this.what} (${result.reason}); ${then}`);
    this.#fail(result.kind === "retry" ? result.afterMs : undefined);
    return false;
  }

  #fail(afterMs?: number): void {
    const pauseMs = Math.min(BREAKER_PAUSE_MS * 2 ** this.#failures, BREAKER_PAUSE_MAX_MS);
    this.#failures++;
    this.#pausedUntilMs = monotonicMs() + Math.min(afterMs ?? pauseMs, BREAKER_PAUSE_MAX_MS);
  }

  #paused(): boolean {
    return this.failing && monotonicMs() < this.#pausedUntilMs;
  }

  #encode(): void {
    while (this.waiting > 0) {
      try {
        const body = this.takeWaiting();
        if (body) this.#bodies.push(body);
      } catch (error) {
        report(`${this.what} could not be encoded: ${String(error)}`);
      }
    }
    let bytes = this.#bodies.reduce((sum, body) => sum + body.length, 0);
    while (bytes > RETAINED_BYTES_MAX && this.#bodies.length > 1) bytes -= this.#bodies.shift()?.length ?? 0;
  }
}

/** Waits for `work`, at most `budgetMs`. The work goes on where that was too little. */
export function within(work: Promise<unknown>, budgetMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, budgetMs));
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}
