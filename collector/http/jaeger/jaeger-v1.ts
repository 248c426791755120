/** Jaeger's query API, version 1, as Grafana's data source speaks it; served at the root and under `/jaeger`. */
import { Hono, type Context } from "hono";
import { operationNames, serviceNames } from "../../store/queries/operations.ts";
import { spansOfTraces } from "../../store/queries/spans-of-traces.ts";
import { findTraces, serviceCalls } from "../../store/queries/trace-search.ts";
import { answerError } from "../api-error.ts";
import type { ApiContext } from "../api-router.ts";
import { readFlows, storeSource } from "../flow-reader.ts";
import { inboundOf, toJaegerTrace, type JaegerTrace } from "./jaeger-json.ts";
import {
  goDurationMs,
  instantParameter,
  JaegerError,
  tagParameters,
  toFilters,
  traceIdParameter,
} from "./parameters.ts";

/** What Grafana's older releases, which sent no times, were given by Jaeger. */
const defaultRangeMs = 2 * 24 * 3_600_000;
const TRACES_DEFAULT = 100;
const TRACES_MAX = 1_500;
/** Spans of one search at most. */
const SEARCH_SPANS_MAX = 50_000;
const dependenciesRangeMs = 24 * 3_600_000;

const KIND_NAMES = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

/** The answers of version 1, errors too, have this form. */
function envelope(context: Context, data: unknown, { total = 0, errors }: { total?: number; errors?: object } = {}) {
  return context.json({ data, total, limit: 0, offset: 0, errors: errors ?? null });
}

/** Answers what a route threw, in the form that its clients read. */
function answerJaegerError(error: Error, context: Context): Response {
  if (!(error instanceof JaegerError)) return answerError(error, context);
  const errors = [{ code: error.status, msg: error.message }];
  return context.json({ data: null, total: 0, limit: 0, offset: 0, errors }, error.status);
}

/** The routes of version 1, below `/api`. */
export function jaegerV1({ store, now }: ApiContext): Hono {
  const app = new Hono();
  app.onError(answerJaegerError);
  app.get("/api/services", async (context) => {
    const names = await serviceNames(store, { signal: context.req.raw.signal });
    return envelope(context, names, { total: names.length });
  });
  app.get("/api/services/:service/operations", async (context) => {
    const operations = await operationNames(store, context.req.param("service"), { signal: context.req.raw.signal });
    const names = [...new Set(operations.map(({ name }) => name))];
    return envelope(context, names, { total: names.length });
  });
  app.get("/api/operations", async (context) => {
    const service = context.req.query("service");
    if (!service) throw new JaegerError(400, "service: is required");
    const kind = context.req.query("spanKind");
    const operations = (await operationNames(store, service, { signal: context.req.raw.signal }))
      .map(({ name, kind: number }) => ({ name, spanKind: KIND_NAMES[number] ?? "unspecified" }))
      .filter(({ spanKind }) => !kind || spanKind === kind);
    return envelope(context, operations, { total: operations.length });
  });
  app.get("/api/traces", async (context) => {
    const asked = context.req.queries("traceID") ?? [];
    if (asked.length > 0) return tracesByIds(context, { store, now }, asked.map(traceIdParameter));
    const traceIds = await searchTraces(context, { store, now });
    return envelope(context, await readTraces(context, { store, now }, traceIds));
  });
  app.get("/api/traces/:traceId", async (context) => {
    // A window, which some clients send in another unit, must not hide the trace.
    const traceId = traceIdParameter(context.req.param("traceId"));
    const [built] = await readFlows(storeSource(store), { traceIds: [traceId], signal: context.req.raw.signal });
    const spans = built?.recorded.filter((span) => span.traceId === traceId) ?? [];
    if (built === undefined || spans.length === 0) throw new JaegerError(404, "trace not found");
    return envelope(context, [toJaegerTrace(traceId, spans, inboundOf(built))]);
  });
  app.get("/api/dependencies", async (context) => {
    const endMs = positive(context, "endTs") ?? now();
    const lookbackMs = positive(context, "lookback") ?? dependenciesRangeMs;
    const range = { from: new Date(endMs - lookbackMs).toISOString(), to: new Date(endMs).toISOString() };
    const service = context.req.query("service");
    const calls = await serviceCalls(store, { ...range, signal: context.req.raw.signal });
    return envelope(
      context,
      calls.filter(({ parent, child }) => !service || parent === service || child === service),
    );
  });
  return app;
}

/** Milliseconds, whole and not negative. */
function positive(context: Context, name: string): number | undefined {
  const text = context.req.query(name);
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 8.64e15)
    throw new JaegerError(400, `${name}: must be milliseconds`);
  return value;
}

async function searchTraces(context: Context, { store, now }: ApiContext): Promise<string[]> {
  const query = context.req.query();
  const to = instantParameter("end", query["end"]) ?? new Date(now()).toISOString();
  const from = instantParameter("start", query["start"]) ?? new Date(Date.parse(to) - defaultRangeMs).toISOString();
  const minDurationMs = goDurationMs("minDuration", query["minDuration"]);
  const maxDurationMs = goDurationMs("maxDuration", query["maxDuration"]);
  if (minDurationMs !== undefined && maxDurationMs !== undefined && maxDurationMs < minDurationMs) {
    throw new JaegerError(400, "maxDuration: must not be less than minDuration");
  }
  const pairs = tagParameters(context.req.queries("tags") ?? [], context.req.queries("tag") ?? []);
  const filter = {
    from,
    to,
    ...toFilters(pairs),
    service: query["service"] || undefined,
    name: query["operation"] === "all" ? undefined : query["operation"] || undefined,
    minDurationMs,
    maxDurationMs,
  };
  return findTraces(store, { filter, limit: limitOf(query["limit"]), signal: context.req.raw.signal });
}

function limitOf(text: string | undefined): number {
  if (text === undefined || text === "") return TRACES_DEFAULT;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new JaegerError(400, "limit: must be a whole number from 1 up");
  return Math.min(value, TRACES_MAX);
}

/** Several traces by id; one that is not there is named in `errors`. */
async function tracesByIds(context: Context, api: ApiContext, traceIds: readonly string[]): Promise<Response> {
  const traces = await readTraces(context, api, traceIds.slice(0, TRACES_MAX));
  const found = new Set(traces.map(({ traceID }) => traceID));
  const missing = traceIds
    .filter((traceId) => !found.has(traceId))
    .map((traceID) => ({ msg: "trace not found", traceID }));
  return envelope(context, traces, missing.length > 0 ? { errors: missing } : {});
}

async function readTraces(
  context: Context,
  { store }: ApiContext,
  traceIds: readonly string[],
): Promise<JaegerTrace[]> {
  const spans = await spansOfTraces(store, { traceIds, limit: SEARCH_SPANS_MAX, signal: context.req.raw.signal });
  const byTrace = new Map(traceIds.map((traceId) => [traceId, spans.filter((span) => span.traceId === traceId)]));
  return [...byTrace].flatMap(([traceId, own]) => (own.length > 0 ? [toJaegerTrace(traceId, own)] : []));
}
