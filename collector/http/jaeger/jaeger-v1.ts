/** Jaeger's query API, version 1, as Grafana's data source speaks it; served at the root and under `/jaeger`. */
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Span } from "../../../schema/flow.ts";
import { operationNames, serviceNames } from "../../store/queries/operations.ts";
import { findTraces, serviceCalls } from "../../store/queries/trace-search.ts";
import type { Store } from "../../store/store.ts";
import type { ApiContext } from "../api-router.ts";
import { CutNote, readingOf } from "../cut-note.ts";
import { readFlows, type ReadFlows } from "../flow-reader.ts";
import { storeSource } from "../flow-source.ts";
import { answerJaegerError, envelope, noRoute, prettyPrint } from "./envelope.ts";
import { inboundOf, toJaegerTrace } from "./jaeger-json.ts";
import type { JaegerTrace } from "./jaeger-trace.ts";
import { jaegerMetrics, milliseconds } from "./metrics.ts";
import { cutText, cutTextOf, refuseEmpty, sayCut } from "./partial.ts";
import { searchLimit, TRACES_MAX, tracesUpTo } from "./search-limit.ts";
import { spansOfOtlp } from "./otlp-spans.ts";
import {
  allOf,
  goDurationMs,
  instantParameter,
  JaegerError,
  storedInstant,
  tagParameters,
  toFilters,
  traceIdParameter,
} from "./parameters.ts";

/** What Grafana's older releases, which sent no times, were given by Jaeger. */
const defaultRangeMs = 2 * 24 * 3_600_000;
/** An uploaded trace: what a browser still draws. */
const UPLOAD_MAX_BYTES = 64 * 1024 ** 2;
const dependenciesRangeMs = 24 * 3_600_000;

/** What is Jaeger's below `/api`: also where nothing is there, it is said in its form. */
const PATHS = [
  ...["services", "operations", "traces", "transform", "archive", "dependencies"],
  ...["deep-dependencies", "quality-metrics", "metrics"],
].map((path) => `/api/${path}/*`);

const KIND_NAMES = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

/** Grafana does not escape a slash in a service's name. */
const OPERATIONS_PATH = "/api/services/:service{.+}/operations";

/** The routes of version 1, below `/api`. */
export function jaegerV1({ store, now }: ApiContext): Hono {
  const app = new Hono();
  app.onError(answerJaegerError);
  for (const path of PATHS) app.use(path, prettyPrint);
  app.route("/", jaegerMetrics({ store, now }));
  app.get("/api/services", async (context) => {
    const cut = new CutNote();
    const names = await serviceNames(store, readingOf(context, cut));
    return partial(context, names, { cut, total: names.length });
  });
  app.get(OPERATIONS_PATH, async (context) => {
    const cut = new CutNote();
    const operations = await operationNames(store, context.req.param("service"), readingOf(context, cut));
    const names = [...new Set(operations.map(({ name }) => name))];
    return partial(context, names, { cut, total: names.length });
  });
  app.get("/api/operations", async (context) => {
    const service = context.req.query("service");
    if (!service) throw new JaegerError(400, "service: is required");
    const kind = context.req.query("spanKind");
    const cut = new CutNote();
    const operations = (await operationNames(store, service, readingOf(context, cut)))
      .map(({ name, kind: number }) => ({ name, spanKind: KIND_NAMES[number] ?? "unspecified" }))
      .filter(({ spanKind }) => !kind || spanKind === kind);
    return partial(context, operations, { cut, total: operations.length });
  });
  app.get("/api/traces", async (context) => {
    const asked = context.req.queries("traceID") ?? [];
    if (asked.length > 0) return tracesByIds(context, store, asked.map(traceIdParameter));
    const cut = new CutNote();
    const traceIds = await searchTraces(context, { store, now }, cut);
    return partial(context, await readTraces(store, { traceIds, ...readingOf(context, cut) }), { cut });
  });
  app.get("/api/traces/:traceId", async (context) => {
    // A window, which some clients send in another unit, must not hide the trace.
    const traceId = traceIdParameter(context.req.param("traceId"));
    const cut = new CutNote();
    const traces = await readTraces(store, { traceIds: [traceId], ...readingOf(context, cut) });
    refuseEmpty(traces, cut);
    if (traces.length === 0) throw new JaegerError(404, "trace not found");
    return partial(context, traces, { cut });
  });
  app.post("/api/transform", bodyLimit({ maxSize: UPLOAD_MAX_BYTES, onError: refuseUpload }), async (context) => {
    const byTrace = new Map<string, Span[]>();
    for (const span of spansOfOtlp(await context.req.text())) {
      const own = byTrace.get(span.traceId);
      if (own) own.push(span);
      else byTrace.set(span.traceId, [span]);
    }
    return envelope(context, [...byTrace].map(([traceId, own]) => toJaegerTrace(traceId, own)));
  });
  app.post("/api/archive/:traceId", async (context) => {
    const traceId = traceIdParameter(context.req.param("traceId"));
    const traces = await readTraces(store, { traceIds: [traceId], signal: context.req.raw.signal });
    if (traces.length === 0) throw new JaegerError(404, "trace not found");
    throw new JaegerError(501, "there is no archive: a trace stays until its retention ends; /api/flows exports it");
  });
  app.get("/api/dependencies", async (context) => {
    const endMs = milliseconds(context, "endTs") ?? now();
    const lookbackMs = milliseconds(context, "lookback") ?? dependenciesRangeMs;
    const range = { from: storedInstant(endMs - lookbackMs), to: storedInstant(endMs) };
    const service = context.req.query("service");
    const cut = new CutNote();
    const calls = await serviceCalls(store, { ...range, ...readingOf(context, cut) });
    const own = calls.filter(({ parent, child }) => !service || parent === service || child === service);
    // Grafana shows no graph at all where there are `errors`, and a busy store always has more calls than are counted.
    sayCut(context, cut);
    return envelope(context, own, cut.member);
  });
  addWithoutData(app);
  return app;
}

/** Routes of which there is nothing to tell, and those that there are not. */
function addWithoutData(app: Hono): void {
  // Jaeger itself answers these two with made-up data.
  app.get("/api/deep-dependencies", (context) => context.json({ dependencies: [] }));
  app.get("/api/quality-metrics", (context) => {
    return context.json({ traceQualityDocumentationLink: "", scores: [], metrics: [] });
  });
  for (const path of PATHS) {
    app.all(path, (context) => {
      throw noRoute(context, app.routes);
    });
  }
}

/** An answer that says where a bound cut it, as Jaeger says what is missing: among its `errors`, with status 200. */
function partial(context: Context, data: readonly unknown[], { cut, total }: { cut: CutNote; total?: number }) {
  refuseEmpty(data, cut);
  const msg = cutTextOf(cut);
  const errors = msg === undefined ? {} : { errors: [{ msg }] };
  return envelope(context, data, { ...(total !== undefined && { total }), ...errors });
}

async function searchTraces(context: Context, { store, now }: ApiContext, cut: CutNote): Promise<readonly string[]> {
  const query = context.req.query();
  const to = instantParameter("end", query["end"]) ?? new Date(now()).toISOString();
  const from = instantParameter("start", query["start"]) ?? storedInstant(Date.parse(to) - defaultRangeMs);
  const minDurationMs = goDurationMs("minDuration", query["minDuration"]);
  const maxDurationMs = goDurationMs("maxDuration", query["maxDuration"]);
  if (minDurationMs !== undefined && maxDurationMs !== undefined && maxDurationMs < minDurationMs) {
    throw new JaegerError(400, "maxDuration: must not be less than minDuration");
  }
  const pairs = tagParameters(context.req.queries("tags") ?? [], context.req.queries("tag") ?? []);
  const { expressions, ...filters } = toFilters(pairs);
  const filter = {
    from,
    to,
    ...filters,
    expression: allOf(expressions),
    service: query["service"] || undefined,
    name: query["operation"] === "all" ? undefined : query["operation"] || undefined,
    minDurationMs,
    maxDurationMs,
  };
  return tracesUpTo(searchLimit("limit", query["limit"]), cut, (limit) =>
    findTraces(store, { filter, limit, ...readingOf(context, cut) }),
  );
}

/** Several traces by id; one that is not there is named in `errors`. */
async function tracesByIds(context: Context, store: Store, traceIds: readonly string[]): Promise<Response> {
  const cut = new CutNote();
  if (traceIds.length > TRACES_MAX) cut.onCut({ limit: "traces", value: TRACES_MAX });
  const traces = await readTraces(store, { traceIds: traceIds.slice(0, TRACES_MAX), ...readingOf(context, cut) });
  refuseEmpty(traces, cut);
  const msg = cutTextOf(cut);
  const found = new Set(traces.map(({ traceID }) => traceID));
  const missing = traceIds
    .filter((traceId) => !found.has(traceId))
    // Whether it is not there or was not reached, nobody knows then.
    .map((traceID) => ({ msg: msg ?? "trace not found", traceID }));
  return envelope(context, traces, missing.length > 0 ? { errors: missing } : {});
}

/** The traces that are there, with the links that lead to them from other traces of their flows. */
async function readTraces(store: Store, asked: ReadFlows): Promise<JaegerTrace[]> {
  const flows = await readFlows(storeSource(store), asked);
  return asked.traceIds.flatMap((traceId, at) => {
    const built = flows[at];
    const own = built?.recorded.filter((span) => span.traceId === traceId) ?? [];
    if (!built || own.length === 0) return [];
    const { truncated } = built.flow;
    const warnings = truncated ? [`The flow of this trace was ${cutText(truncated)}.`] : [];
    return [toJaegerTrace(traceId, own, { inbound: inboundOf(built), warnings })];
  });
}

function refuseUpload(): never {
  throw new JaegerError(413, `is larger than ${String(UPLOAD_MAX_BYTES)} bytes`);
}
