/**
 * Counts of invocations whose trace the wrapper's sampler did not keep: checked, and stored before they are
 * acknowledged. Nothing waits on the disk for them, as for spans: while the store is away, the wrapper keeps them.
 */
import { createHash } from "node:crypto";
import { FAAS_NAME, SERVICE_NAME } from "../../schema/attributes.ts";
import { insertUnsampledCounts, storedRequests, type UnsampledCounts } from "../store/queries/unsampled-counts.ts";
import type { Store } from "../store/store.ts";
import { unavailable } from "./errors.ts";
import { clockAheadMaxNs, rejectMessageMaxLength, retryAfterS } from "./limits.ts";
import { readMetricsJson } from "./otlp-metrics-json.ts";
import { readMetrics, type Metric, type ScopeMetrics, type SumPoint } from "./otlp-metrics.ts";
import type { OtlpEncoding, Received } from "./received.ts";

/** The scope of the wrapper's metrics. */
const SCOPE = "hopscope";
/** Marks a point as what no span tells of. */
const SAMPLED = "hopscope.sampled";
const DELTA = 1;
/** Of one point: far more invocations than a process can have between two exports. */
const countMax = 1_000_000_000;
/** Requests that wait for the store; more are told to come again. */
const waitingMax = 10_000;
/** What a request waits for the store, ms: shorter than any exporter waits. */
const storeWaitMaxMs = 8_000;
/** Reasons that one partial success names. */
const reasonsMax = 5;
const dayMs = 86_400_000;
/** Distance kept from the oldest day that is still kept, ms. */
const retentionMarginMs = 3_600_000;

/** A count of the wrapper's. */
type Column = "invocations" | "errors" | "timeouts" | "cold_starts";
const COLUMN_OF_METRIC: ReadonlyMap<string, Column> = new Map([
  ["faas.invocations", "invocations"],
  ["faas.errors", "errors"],
  ["faas.timeouts", "timeouts"],
  ["faas.coldstarts", "cold_starts"],
]);

interface Waiting {
  readonly request: string;
  readonly rows: readonly UnsampledCounts[];
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/** Where counts go; one whose time is older than what is kept, or ahead, counts at its arrival. */
export interface UnsampledIntakeOptions {
  readonly store: Store;
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Takes requests of metrics. */
export class UnsampledIntake {
  readonly #options: UnsampledIntakeOptions;
  /** Requests not yet stored, by their content: a repeat waits for the first. */
  readonly #underWay = new Map<string, Promise<void>>();
  #waiting: Waiting[] = [];
  #storing: Promise<void> | undefined;

  constructor(options: UnsampledIntakeOptions) {
    this.#options = options;
  }

  /**
   * Takes a decompressed `ExportMetricsServiceRequest`; resolves once its counts are stored. Undefined where it holds
   * nothing of the wrapper's.
   *
   * @throws OtlpError 400 malformed; 503 where the store does not take it now
   */
  async receive(body: Uint8Array, encoding: OtlpEncoding): Promise<Received | undefined> {
    const request = createHash("sha256").update(encoding).update(body).digest("hex").slice(0, 32);
    const tally = this.#count(body, encoding, request);
    if (tally === undefined) return undefined;
    const rows = tally.rows();
    if (rows.length > 0) await this.#stored(request, rows);
    return tally.answer();
  }

  #count(body: Uint8Array, encoding: OtlpEncoding, request: string): Tally | undefined {
    const read = encoding === "json" ? readMetricsJson : readMetrics;
    const { wanted, otherPoints } = read(body, SCOPE);
    if (wanted.length === 0) return undefined;
    const tally = new Tally(request, (point) => this.#minuteOf(point));
    if (otherPoints > 0) tally.reject(`only metrics of the scope ${SCOPE} are taken`, otherPoints);
    for (const { resource, metrics } of wanted) for (const metric of metrics) tally.add(resource, metric);
    return tally;
  }

  /** Seconds since the epoch. A wild clock's point counts at its arrival, as a span does. */
  #minuteOf({ timeNs }: SumPoint): number {
    const nowMs = this.#options.now?.() ?? Date.now();
    const timeMs = timeNs / 1e6;
    const earliestMs = nowMs - this.#options.retentionDays * dayMs + retentionMarginMs;
    const isWild = timeMs < earliestMs || timeMs > nowMs + Number(clockAheadMaxNs / 1_000_000n);
    return Math.floor((isWild ? nowMs : timeMs) / 60_000) * 60;
  }

  async #stored(request: string, rows: readonly UnsampledCounts[]): Promise<void> {
    let stored = this.#underWay.get(request);
    if (stored === undefined) {
      if (this.#waiting.length >= waitingMax) throw refused("too many wait");
      stored = new Promise<void>((settle, fail) => this.#waiting.push({ request, rows, settle, fail }));
      this.#underWay.set(request, stored);
      void stored.catch(() => undefined).finally(() => this.#underWay.delete(request));
      this.#storing ??= this.#storeAll().finally(() => {
        this.#storing = undefined;
      });
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(refused("no answer in time")), storeWaitMaxMs);
    });
    await Promise.race([stored, late]).finally(() => clearTimeout(timer));
  }

  /** While some are stored, those that come gather for the next time. */
  async #storeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      try {
        // A request whose answer was lost is there already, whichever collector took it.
        const known = await storedRequests(
          this.#options.store,
          waiting.map(({ request }) => request),
        );
        const fresh = waiting.filter(({ request }) => !known.has(request));
        await insertUnsampledCounts(
          this.#options.store,
          fresh.flatMap(({ rows }) => rows),
        );
        for (const { settle } of waiting) settle();
      } catch (error) {
        for (const { fail } of waiting) fail(refused(String(error)));
      }
    }
  }
}

function refused(why: string): Error {
  return unavailable(`the store does not take counts now: ${why}`, retryAfterS, "store");
}

/** A row in the making. */
type Row = Omit<UnsampledCounts, Column> & Record<Column, number>;

/** What one request counts, and what of it is not taken. */
class Tally {
  readonly #request: string;
  readonly #minuteOf: (point: SumPoint) => number;
  readonly #rows = new Map<string, Row>();
  readonly #reasons = new Set<string>();
  #accepted = 0;
  #rejected = 0;

  constructor(request: string, minuteOf: (point: SumPoint) => number) {
    this.#request = request;
    this.#minuteOf = minuteOf;
  }

  add(resource: ScopeMetrics["resource"], metric: Metric): void {
    const column = COLUMN_OF_METRIC.get(metric.name);
    if (column === undefined) return this.reject(`${metric.name.slice(0, 100)} is not taken`, metric.points);
    if (metric.sum?.temporality !== DELTA) {
      return this.reject(`${metric.name} must be a sum of delta temporality`, metric.points);
    }
    for (const point of metric.sum.points) {
      const fault = faultOf(point);
      if (fault !== undefined) {
        this.reject(`${metric.name}: ${fault}`, 1);
        continue;
      }
      this.#accepted += 1;
      const row = this.#rowOf(resource, this.#minuteOf(point));
      row[column] += point.value ?? 0;
    }
  }

  reject(reason: string, points: number): void {
    this.#rejected += points;
    if (this.#reasons.size < reasonsMax) this.#reasons.add(reason);
  }

  rows(): Row[] {
    return [...this.#rows.values()];
  }

  answer(): Received {
    const rejectMessage = [...this.#reasons].join("; ").slice(0, rejectMessageMaxLength);
    return { accepted: this.#accepted, rejected: this.#rejected, rejectMessage };
  }

  #rowOf(resource: ScopeMetrics["resource"], minute: number): Row {
    const service = String(resource.get(SERVICE_NAME) ?? "");
    const faas = String(resource.get(FAAS_NAME) ?? "");
    const key = JSON.stringify([minute, service, faas]);
    const known = this.#rows.get(key);
    if (known) return known;
    const counts = { invocations: 0, errors: 0, timeouts: 0, cold_starts: 0 };
    const row: Row = { request: this.#request, minute, service_name: service, faas_name: faas, ...counts };
    this.#rows.set(key, row);
    return row;
  }
}

function faultOf({ value, attributes }: SumPoint): string | undefined {
  if (attributes.get(SAMPLED) !== false) return `${SAMPLED} must be false: what was sampled is counted by its spans`;
  return value !== undefined && value >= 0 && value <= countMax ? undefined : "must be a whole number of invocations";
}
