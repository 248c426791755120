/**
 * From an ended span to the collector: a bounded buffer, one export at a time, and a circuit breaker that
 * keeps a broken collector from costing the function anything after the first failure.
 */
import type { Attributes } from "@opentelemetry/api";
import { monotonicMs } from "./clock.ts";
import {
  BACKGROUND_EXPORT_MS,
  BREAKER_PAUSE_MAX_MS,
  BREAKER_PAUSE_MS,
  SPANS_BUFFERED_MAX,
  SPANS_PER_REQUEST_MAX,
} from "./limits.ts";
import { encodeTraces } from "./otlp.ts";
import type { Poster, PostResult } from "./post.ts";
import { report } from "./report.ts";
import type { RecordedSpan } from "./span.ts";

/** Bytes of requests that are kept for another attempt; the oldest go first beyond it. */
const RETAINED_BYTES_MAX = 4 * 1024 * 1024;

/** Takes ended spans and sends them when told to. */
export class Pipeline {
  readonly #poster: Poster;
  readonly #resource: () => Attributes;
  #spans: RecordedSpan[] = [];
  /** Requests that were encoded: one that fails is sent again byte for byte, so that the collector knows it. */
  #bodies: Buffer[] = [];
  #sending: Promise<void> | undefined;
  #failures = 0;
  #pausedUntilMs = 0;
  /** Called when a span was added; a long-running process arms its timer here. */
  onAdd: (() => void) | undefined;

  constructor(poster: Poster, resource: () => Attributes) {
    this.#poster = poster;
    this.#resource = resource;
  }

  /** Whether anything waits to be sent. */
  get pending(): number {
    return this.#spans.length + this.#bodies.length;
  }

  /** Whether the collector failed at the last export. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  add(span: RecordedSpan): void {
    if (this.#spans.length >= SPANS_BUFFERED_MAX) {
      report(`more than ${SPANS_BUFFERED_MAX} spans wait for the collector; further ones are dropped`);
      return;
    }
    this.#spans.push(span);
    this.onAdd?.();
  }

  /**
   * At the start of an invocation: loads what the flush at its end needs, and tries a collector that failed
   * before, both while the handler runs and nobody waits.
   */
  prepare(): void {
    void this.#poster.load().catch(() => undefined);
    if (this.#failures > 0 && this.pending > 0 && !this.#paused()) void this.flushInBackground();
  }

  /**
   * Sends everything that waits. Resolves when that is done or `budgetMs` has passed, at once while the
   * collector is known to be failing, and never rejects.
   */
  async flush(budgetMs: number): Promise<void> {
    const deadlineMs = monotonicMs() + budgetMs;
    if (budgetMs <= 0 || this.pending === 0 || this.#failures > 0) return;
    if (this.#sending) await within(this.#sending, budgetMs);
    if (!this.#sending && this.pending > 0) await this.#start(deadlineMs);
  }

  /** Sends what waits without anyone waiting for it; also the one attempt after a pause. */
  async flushInBackground(): Promise<void> {
    if (this.#sending || this.pending === 0 || this.#paused()) return;
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
      .catch((error: unknown) => report(`spans could not be sent: ${String(error)}`))
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
    if (result.kind === "rejected") report(`the collector rejected spans (${result.reason}); they are dropped`);
    if (result.kind === "accepted" || result.kind === "rejected") {
      this.#failures = 0;
      return true;
    }
    report(`the collector does not take spans (${result.reason}); trying again later`);
    this.#fail(result.kind === "retry" ? result.afterMs : undefined);
    return false;
  }

  #fail(afterMs?: number): void {
    const pauseMs = Math.min(BREAKER_PAUSE_MS * 2 ** this.#failures, BREAKER_PAUSE_MAX_MS);
    this.#failures++;
    this.#pausedUntilMs = monotonicMs() + Math.min(afterMs ?? pauseMs, BREAKER_PAUSE_MAX_MS);
  }

  #paused(): boolean {
    return this.#failures > 0 && monotonicMs() < this.#pausedUntilMs;
  }

  #encode(): void {
    while (this.#spans.length > 0) {
      const spans = this.#spans.splice(0, SPANS_PER_REQUEST_MAX);
      try {
        this.#bodies.push(encodeTraces(this.#resource(), spans));
      } catch (error) {
        report(`spans could not be encoded: ${String(error)}`);
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
