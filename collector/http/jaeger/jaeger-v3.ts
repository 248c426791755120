/** Jaeger's query API, version 3, as jaeger-ui speaks it: traces are OTLP/JSON. */
import { Hono, type Context } from "hono";
import type { Span } from "../../../schema/flow.ts";
import { operationNames, serviceNames } from "../../store/queries/operations.ts";
import { spansOfTraces } from "../../store/queries/spans-of-traces.ts";
import { atMost } from "../../store/queries/reading.ts";
import { findTraces } from "../../store/queries/trace-search.ts";
import { answerFailure } from "../api-error.ts";
import type { ApiContext } from "../api-router.ts";
import { toOtlpRequest, toUnixNano } from "../otlp-export.ts";
import { otlpSpans, type OtlpJson, type OtlpSpan } from "../../store/queries/otlp-spans.ts";
import { readFlows } from "../flow-reader.ts";
import { storeSource } from "../flow-source.ts";
import { CutNote, readingOf } from "../cut-note.ts";
import { knownToJaeger, noRoute } from "./envelope.ts";
import { filterParameter } from "./filter-parameter.ts";
import { forGrafana, isGrafana } from "./grafana.ts";
import { INBOUND_LINKS_TAG, inboundOf } from "./jaeger-json.ts";
import type { JaegerReference } from "./jaeger-trace.ts";
import { cutText, cutTextOf, refuseEmpty, sayCut } from "./partial.ts";
import { searchLimit, tracesUpTo } from "./search-limit.ts";
import {
  allOf,
  goDurationMs,
  JaegerError,
  rfc3339Parameter,
  tagParameters,
  toFilters,
  traceIdParameter,
} from "./parameters.ts";

const SEARCH_SPANS_MAX = 50_000;
/** An unspecified kind is shown as internal. */
const KIND_NAMES = ["internal", "internal", "server", "client", "producer", "consumer"] as const;

/** The routes of version 3, below `/api/v3`. */
export function jaegerV3({ store }: Pick<ApiContext, "store">): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    const bodyOf = ({ message }: Error, httpCode: number) => ({ error: { httpCode, message } });
    const known = knownToJaeger(error);
    if (known === undefined) return answerFailure(error, context, bodyOf);
    return context.json(bodyOf(known, known.status), known.status);
  });
  app.get("/api/v3/services", async (context) => {
    const cut = new CutNote();
    const services = await serviceNames(store, readingOf(context, cut));
    refuseEmpty(services, cut);
    sayCut(context, cut);
    return context.json({ services });
  });
  app.get("/api/v3/operations", async (context) => {
    const service = context.req.query("service");
    if (!service) throw new JaegerError(400, "service: is required");
    const kind = context.req.query("spanKind") ?? context.req.query("span_kind");
    const cut = new CutNote();
    const found = await operationNames(store, service, readingOf(context, cut));
    refuseEmpty(found, cut);
    sayCut(context, cut);
    const operations = found
      .map(({ name, kind: number }) => ({ name, spanKind: KIND_NAMES[number] ?? "internal" }))
      .filter(({ spanKind }) => !kind || spanKind === kind);
    return context.json({ operations });
  });
  app.get("/api/v3/traces/:traceId", async (context) => {
    const traceId = traceIdParameter(context.req.param("traceId"));
    return answerTraces(context, store, { traceIds: [traceId], cut: new CutNote() });
  });
  app.get("/api/v3/traces", async (context) => {
    const cut = new CutNote();
    return answerTraces(context, store, { traceIds: await searchTraces(context, store, cut), cut });
  });
  app.get("/api/v3/trace-summaries", async (context) => {
    const cut = new CutNote();
    const traceIds = await searchTraces(context, store, cut);
    const spans = await spansUpToLimit(cut, (limit) =>
      spansOfTraces(store, { traceIds, limit, ...readingOf(context, cut) }),
    );
    refuseEmpty(spans, cut);
    const byTrace = new Map<string, Span[]>();
    for (const span of spans) byTrace.set(span.traceId, [...(byTrace.get(span.traceId) ?? []), span]);
    const summaries = [...byTrace.values()].map(summarizeTrace);
    const newestFirst = (a: { minStartTimeUnixNano: string }, b: { minStartTimeUnixNano: string }) =>
      Number(BigInt(b.minStartTimeUnixNano) - BigInt(a.minStartTimeUnixNano));
    sayCut(context, cut);
    return context.json({ summaries: summaries.sort(newestFirst) });
  });
  app.all("/api/v3/*", (context) => {
    throw noRoute(context, app.routes);
  });
  return app;
}

async function spansUpToLimit<Item>(cut: CutNote, read: (limit: number) => Promise<Item[]>): Promise<readonly Item[]> {
  const spans = await read(SEARCH_SPANS_MAX + 1);
  return atMost(spans, { limit: SEARCH_SPANS_MAX, name: "spans", onCut: cut.onCut });
}

interface TracesAsked {
  readonly traceIds: readonly string[];
  /** Of the search that led to them. */
  readonly cut: CutNote;
}

/** The traces as OTLP/JSON, with the links that lead to them from other traces of their flows. */
async function answerTraces(
  context: Context,
  store: ApiContext["store"],
  { traceIds, cut }: TracesAsked,
): Promise<Response> {
  const reading = readingOf(context, cut);
  const [spans, flows] = await Promise.all([
    spansUpToLimit(cut, (limit) => otlpSpans(store, { traceIds, limit, ...reading })),
    readFlows(storeSource(store), { traceIds, ...reading }),
  ]);
  refuseEmpty(spans, cut);
  if (spans.length === 0) throw new JaegerError(404, "No traces found");
  const inbound = new Map(flows.flatMap((built) => (built ? [...inboundOf(built)] : [])));
  const warnings = new Map(
    traceIds.flatMap((traceId, at) => {
      const truncated = flows[at]?.flow.truncated;
      return truncated ? [[traceId, `The flow of this trace was ${cutText(truncated)}.`]] : [];
    }),
  );
  sayCut(context, cut);
  let said = cutTextOf(cut);
  const linked = spans.map((each) => {
    const warning = warnings.get(each.traceId) ?? said;
    warnings.delete(each.traceId);
    said = undefined;
    return withWarning(withLinks(each, inbound.get(each.traceId + each.spanId) ?? []), warning);
  });
  const result = toOtlpRequest(linked);
  return context.json({ result: isGrafana(context) ? forGrafana(result) : result });
}

function withLinks(each: OtlpSpan, inbound: readonly JaegerReference[]): OtlpSpan {
  if (inbound.length === 0) return each;
  const links = inbound.map(({ traceID, spanID }) => ({ traceId: traceID, spanId: spanID, attributes: [] }));
  const mark = { key: INBOUND_LINKS_TAG, value: { intValue: String(inbound.length) } };
  const span = {
    ...each.span,
    attributes: [...(each.span["attributes"] as OtlpJson[]), mark],
    links: [...(each.span["links"] as OtlpJson[]), ...links],
  };
  return { ...each, span };
}

/** The attribute in which Jaeger itself says what it did to a span, or could not do. */
const WARNINGS_ATTRIBUTE = "@jaeger@warnings";

function withWarning(each: OtlpSpan, stringValue: string | undefined): OtlpSpan {
  if (stringValue === undefined) return each;
  const warnings = { key: WARNINGS_ATTRIBUTE, value: { arrayValue: { values: [{ stringValue }] } } };
  return { ...each, span: { ...each.span, attributes: [...(each.span["attributes"] as OtlpJson[]), warnings] } };
}

async function searchTraces(context: Context, store: ApiContext["store"], cut: CutNote): Promise<readonly string[]> {
  const read = (camel: string, ...aliases: string[]) =>
    [camel, ...aliases]
      .map((name) => context.req.query(`query.${name}`))
      .find((value) => value !== undefined && value !== "");
  const from = rfc3339Parameter("query.startTimeMin", read("startTimeMin", "start_time_min"));
  const to = rfc3339Parameter("query.startTimeMax", read("startTimeMax", "start_time_max"));
  if (from >= to) throw new JaegerError(400, "query.startTimeMin: must be before query.startTimeMax");
  const minDurationMs = goDurationMs("query.durationMin", read("durationMin", "duration_min"));
  const maxDurationMs = goDurationMs("query.durationMax", read("durationMax", "duration_max"));
  if (minDurationMs !== undefined && maxDurationMs !== undefined && maxDurationMs < minDurationMs) {
    throw new JaegerError(400, "query.durationMax: must not be less than query.durationMin");
  }
  const attributes = read("attributes");
  const asked = searchLimit("query.searchDepth", read("searchDepth", "search_depth", "num_traces", "numTraces"));
  const pairs = tagParameters(attributes === undefined ? [] : [attributes], [], "query.attributes");
  const { expressions, ...filters } = toFilters(pairs);
  const filter = {
    from,
    to,
    ...filters,
    service: read("serviceName", "service_name"),
    name: read("operationName", "operation_name"),
    minDurationMs,
    maxDurationMs,
    expression: allOf([...expressions, filterParameter(read("filter"))]),
  };
  return tracesUpTo(asked, cut, (limit) => findTraces(store, { filter, limit, ...readingOf(context, cut) }));
}

function summarizeTrace(spans: readonly Span[]) {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const sorted = [...spans].sort((a, b) => (a.startTime < b.startTime ? -1 : 1));
  const [first] = sorted;
  const root = sorted.find(({ parentSpanId }) => parentSpanId === undefined);
  const endOf = ({ startTime, durationMs }: Span) => toUnixNano(startTime) + BigInt(Math.round(durationMs * 1e6));
  const services = new Map<string, { name: string; spanCount: number; errorSpanCount: number }>();
  for (const { service, status } of spans) {
    const entry = services.get(service) ?? { name: service, spanCount: 0, errorSpanCount: 0 };
    services.set(service, entry);
    entry.spanCount += 1;
    entry.errorSpanCount += status === "error" ? 1 : 0;
  }
  return {
    traceId: first?.traceId ?? "",
    rootServiceName: root?.service ?? "",
    rootOperationName: root?.name ?? "",
    minStartTimeUnixNano: String(toUnixNano(first?.startTime ?? "")),
    maxEndTimeUnixNano: String(spans.map(endOf).reduce((last, end) => (end > last ? end : last), 0n)),
    spanCount: spans.length,
    errorSpanCount: spans.filter(({ status }) => status === "error").length,
    orphanSpanCount: spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId)).length,
    services: [...services.values()],
  };
}
