/**
 * What is still known of invocations whose trace the sampler does not keep: how many there were, and how many failed,
 * timed out or started cold. Sent as OTLP metrics by the names of the semantic conventions, each data point marked
 * `hopscope.sampled=false`, so that they add to what the kept spans say.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/faas/faas-metrics/
 */
import type { Attributes } from "@opentelemetry/api";
import { nowMs, PROCESS_START_MS } from "./clock.ts";
import { Exporter, within } from "./exporter.ts";
import { toNs, writeAttributes, writeResource } from "./otlp.ts";
import type { Poster } from "./post.ts";
import { ProtobufWriter } from "./protobuf.ts";
import { VERSION } from "./version.ts";

/** First size of a request's buffer, in bytes. */
const REQUEST_BYTES = 2_048;
/** `AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA`: a frozen environment may never report again. */
const DELTA = 1;

/** Milliseconds of the minute by which counts are kept apart: a collector may take them long after. */
const MINUTE_MS = 60_000;
/** Minutes and triggers that are kept apart, at most: a day of one trigger. What comes then joins the last minute. */
const ENTRIES_MAX = 1_440;
/** Longest that an invocation waits for the answer to its counts, milliseconds: a store under load. */
const ANSWER_WAIT_MS = 100;
/** What a collector answers that has no place for metrics. */
const NOT_FOUND = 404;

/** What became of an invocation. */
export type Outcome = "ok" | "error" | "timeout";

/** What is counted, in the order in which it is kept. */
const METRICS = ["faas.invocations", "faas.errors", "faas.timeouts", "faas.coldstarts"];

interface Entry {
  readonly trigger: string;
  /** Start of the minute in which the invocations ended, milliseconds since the epoch. */
  readonly minuteMs: number;
  /** One for each of {@link METRICS}. */
  readonly counts: readonly number[];
}

/** Counts invocations by trigger and minute until they are taken. */
export class Counters {
  #entries = new Map<string, Entry>();
  #sinceMs = PROCESS_START_MS;
  #minuteMs = 0;

  add(trigger: string, outcome: Outcome, coldStart: boolean): void {
    if (this.#entries.size < ENTRIES_MAX) this.#minuteMs = Math.floor(nowMs() / MINUTE_MS) * MINUTE_MS;
    const minuteMs = this.#minuteMs;
    const key = `${minuteMs} ${trigger}`;
    const before = this.#entries.get(key)?.counts;
    const isCounted = [true, outcome !== "ok", outcome === "timeout", coldStart];
    const counts = isCounted.map((counted, index) => (before?.[index] ?? 0) + Number(counted));
    this.#entries.set(key, { trigger, minuteMs, counts });
  }

  get pending(): boolean {
    return this.#entries.size > 0;
  }

  /** One export request with what was counted since the last one: a data point for each minute and trigger. */
  take(resource: Attributes): Buffer {
    const entries = [...this.#entries.values()];
    const [sinceMs, untilMs] = [this.#sinceMs, nowMs()];
    this.#entries = new Map();
    this.#sinceMs = untilMs;
    const out = new ProtobufWriter(REQUEST_BYTES);
    const writePoints = (metric: number): void => {
      for (const { trigger, minuteMs, counts } of entries) {
        const startMs = Math.max(sinceMs, minuteMs);
        out.message(1, () => {
          out.fixed64Field(2, toNs(startMs));
          out.fixed64Field(3, toNs(Math.max(startMs, Math.min(untilMs, minuteMs + MINUTE_MS - 1))));
          out.fixed64Field(6, BigInt(counts[metric] ?? 0));
          writeAttributes(out, 7, { "faas.trigger": trigger, "hopscope.sampled": false });
        });
      }
    };
    out.message(1, () => {
      writeResource(out, resource);
      out.message(2, () => {
        out.message(1, () => {
          out.stringField(1, "hopscope");
          out.stringField(2, VERSION);
        });
        for (const [metric, name] of METRICS.entries()) {
          out.message(2, () => {
            out.stringField(1, name);
            out.stringField(3, "{invocation}");
            out.message(7, () => {
              writePoints(metric);
              out.varintField(2, DELTA);
              out.varintField(3, 1);
            });
          });
        }
      });
    });
    return out.finish();
  }
}

/** A {@link CounterPipeline} that posts by `poster`. */
export function makeCounters(poster: Poster, resource: () => Attributes): CounterPipeline {
  return new CounterPipeline(poster, resource);
}

/** Sends them, as spans are sent; a collector that takes no metrics is not asked twice. */
export class CounterPipeline extends Exporter {
  protected readonly what = "counts of invocations";
  readonly #resource: () => Attributes;
  readonly #counters = new Counters();
  #isRefused = false;

  constructor(poster: Poster, resource: () => Attributes) {
    super(poster);
    this.#resource = resource;
  }

  add(trigger: string, outcome: Outcome, coldStart: boolean): void {
    if (this.#isRefused) return;
    this.#counters.add(trigger, outcome, coldStart);
    this.onAdd?.();
  }

  /**
   * The collector answers when counts are in its store, which may take longer than a function should wait. They are
   * sent by then, where there is a connection already, and the next invocation reads the answer.
   */
  override async flush(budgetMs: number): Promise<void> {
    const waitMs = this.isKnown ? Math.min(budgetMs, ANSWER_WAIT_MS) : budgetMs;
    if (waitMs > 0 && !this.failing) await within(this.flushInBackground(), waitMs);
  }

  protected get waiting(): number {
    return this.#counters.pending ? 1 : 0;
  }

  protected takeWaiting(): Buffer {
    return this.#counters.take(this.#resource());
  }

  protected override isFinal(status: number | undefined): boolean {
    if (status !== NOT_FOUND) return false;
    this.#isRefused = true;
    this.takeBodies();
    return true;
  }
}
