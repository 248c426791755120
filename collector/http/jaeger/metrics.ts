/**
 * `/api/metrics/*` of Jaeger's version 1, which its monitor page reads: a family of metrics in the JSON of OpenMetrics,
 * not the envelope of the other routes.
 *
 * @see https://github.com/jaegertracing/jaeger-idl/blob/main/proto/metrics/openmetrics.proto
 */
import { Hono, type Context } from "hono";
import { spanMetrics, type MetricPoint } from "../../store/queries/span-metrics.ts";
import type { ApiContext } from "../api-router.ts";
import { CutNote, readingOf } from "../cut-note.ts";
import { answerJaegerError, envelope } from "./envelope.ts";
import { JaegerError, storedInstant } from "./parameters.ts";
import { refuseCut } from "./partial.ts";

const LOOKBACK_DEFAULT_MS = 3_600_000;
const STEP_DEFAULT_MS = 5_000;
/** What Prometheus, from which Jaeger asks, gives at most. */
const STEPS_MAX = 11_000;
const MIN_STEP_MS = 1;

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly valueOf: (point: MetricPoint, stepMs: number) => number;
}

const METRICS: Readonly<Record<string, Metric>> = {
  latencies: { name: "latencies", help: "latency in milliseconds", valueOf: ({ durationMs }) => durationMs },
  calls: { name: "call_rate", help: "calls a second", valueOf: ({ calls }, stepMs) => calls / (stepMs / 1000) },
  errors: { name: "error_rate", help: "failed calls of all calls, 0 to 1", valueOf: ({ calls, errors }) => errors / calls },
};

/** The routes of metrics, below `/api`. */
export function jaegerMetrics({ store, now }: ApiContext): Hono {
  const app = new Hono();
  app.onError(answerJaegerError);
  app.get("/api/metrics/minstep", (context) => envelope(context, MIN_STEP_MS));
  app.get("/api/metrics/:metric{latencies|calls|errors}", async (context) => {
    const metric = METRICS[context.req.param("metric")] as Metric;
    const asked = { ...metricParameters(context, now()), quantile: quantileOf(context, metric) };
    const cut = new CutNote();
    const points = await spanMetrics(store, { ...asked, ...readingOf(context, cut) });
    // Its form has no word for what is missing, and a curve that ends early is taken for silence.
    refuseCut(cut);
    const { byOperation } = asked;
    return context.json({
      name: `service${byOperation ? "_operation" : ""}_${metric.name}`,
      type: "GAUGE",
      help: `${metric.help}, of a service${byOperation ? "'s operation" : ""}`,
      metrics: seriesOf(points, byOperation).map((own) => ({
        // Its page takes the first label for the service.
        labels: [
          { name: "service_name", value: own[0]?.service ?? "" },
          ...(byOperation ? [{ name: "operation", value: own[0]?.operation ?? "" }] : []),
        ],
        metricPoints: own.map((point) => ({
          gaugeValue: { doubleValue: metric.valueOf(point, asked.stepMs) },
          timestamp: new Date(point.timeMs).toISOString(),
        })),
      })),
    });
  });
  return app;
}

function seriesOf(points: readonly MetricPoint[], byOperation: boolean): MetricPoint[][] {
  const series = new Map<string, MetricPoint[]>();
  for (const point of points) {
    const key = JSON.stringify([point.service, byOperation ? point.operation : ""]);
    const own = series.get(key);
    if (own) own.push(point);
    else series.set(key, [point]);
  }
  return [...series.values()];
}

function metricParameters(context: Context, nowMs: number) {
  // Its page joins several services as `service=a,service=b`.
  const services = (context.req.queries("service") ?? []).flatMap((text) => text.split(",service="));
  if (services.length === 0 || services.includes("")) throw new JaegerError(400, "service: is required");
  const toMs = milliseconds(context, "endTs") ?? nowMs;
  const lookbackMs = milliseconds(context, "lookback") ?? LOOKBACK_DEFAULT_MS;
  const stepMs = milliseconds(context, "step") ?? STEP_DEFAULT_MS;
  if (stepMs < MIN_STEP_MS) throw new JaegerError(400, `step: must be ${String(MIN_STEP_MS)} ms or more`);
  if (lookbackMs / stepMs > STEPS_MAX) {
    throw new JaegerError(400, `step: makes more than ${String(STEPS_MAX)} points of the lookback; take a longer step`);
  }
  if (lookbackMs > toMs) throw new JaegerError(400, "lookback: goes back beyond the epoch");
  return {
    services,
    kinds: kindsOf(context),
    from: storedInstant(toMs - lookbackMs),
    to: storedInstant(toMs),
    stepMs,
    byOperation: context.req.query("groupByOperation") === "true",
  };
}

function kindsOf(context: Context): number[] {
  const names = context.req.queries("spanKind") ?? ["server"];
  return names.map((name) => {
    const kind = KINDS.indexOf(name.replace(/^SPAN_KIND_/, "").toLowerCase() as (typeof KINDS)[number]);
    if (kind < 0) throw new JaegerError(400, `spanKind: must be one of ${KINDS.join(", ")}`);
    return kind;
  });
}

function quantileOf(context: Context, { name }: Metric): number {
  const text = context.req.query("quantile");
  if (name !== "latencies") return 0.5;
  const quantile = text === undefined || text === "" ? Number.NaN : Number(text);
  if (!(quantile >= 0 && quantile <= 1)) throw new JaegerError(400, "quantile: is required, from 0 to 1");
  return quantile;
}

/**
 * Milliseconds, whole and not negative.
 *
 * @throws JaegerError 400
 */
export function milliseconds(context: Context, name: string): number | undefined {
  const text = context.req.query(name);
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 8.64e15)
    throw new JaegerError(400, `${name}: must be milliseconds`);
  return value;
}
