/** `/api/functions`, `/api/queues` and `/api/map`: all from rollups by minute and hour. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  functionListResponseSchema,
  functionSeriesQuerySchema,
  functionSeriesResponseSchema,
  mapResponseSchema,
  queueListResponseSchema,
  SERIES_POINTS_MAX,
  timeRangeQuerySchema,
  type MapResponse,
} from "../../schema/api.ts";
import { destinationId, kindOfSystem } from "../flow/destination.ts";
import { functionSeries } from "../store/queries/function-series.ts";
import { functionTotals } from "../store/queries/functions.ts";
import { mapEdges, type MapEdgeRow } from "../store/queries/map-edges.ts";
import { queueTotals } from "../store/queries/queues.ts";
import { apiRouter, ERROR_ANSWERS, jsonAnswer, type ApiContext } from "./api-router.ts";
import { CutNote, readingOf } from "./cut-note.ts";
import { timeRange, type TimeRange } from "./time-range.ts";

const MINUTE_S = 60;
const HOUR_S = 3600;
/** Points of a series where nothing else is asked for. */
const POINTS_DEFAULT = 100;

const listRoute = createRoute({
  method: "get",
  path: "/api/functions",
  summary: "Functions with their totals, the busiest first",
  description: "From a rollup: `from` is taken down to its minute.",
  request: { query: timeRangeQuerySchema },
  responses: { 200: jsonAnswer("Every function that ran.", functionListResponseSchema), ...ERROR_ANSWERS },
});

const seriesRoute = createRoute({
  method: "get",
  path: "/api/functions/{name}/series",
  summary: "One function over time",
  request: { params: z.object({ name: z.string().min(1).max(500).describe("The function's name.") }), query: functionSeriesQuerySchema },
  responses: {
    200: jsonAnswer("A point for every step in which it ran.", functionSeriesResponseSchema),
    ...ERROR_ANSWERS,
  },
});

const queuesRoute = createRoute({
  method: "get",
  path: "/api/queues",
  summary: "Queues and topics with their totals, the busiest first",
  request: { query: timeRangeQuerySchema },
  responses: {
    200: jsonAnswer("Every queue from which code took messages.", queueListResponseSchema),
    ...ERROR_ANSWERS,
  },
});

const mapRoute = createRoute({
  method: "get",
  path: "/api/map",
  summary: "Who sends, takes and calls",
  request: { query: timeRangeQuerySchema },
  responses: { 200: jsonAnswer("Functions, queues and their edges.", mapResponseSchema), ...ERROR_ANSWERS },
});

/** The routes of what rollups answer. */
export function functionRoutes({ store, now }: ApiContext) {
  return apiRouter()
    .openapi(listRoute, async (context) => {
      const range = timeRange(context.req.valid("query"), now());
      const cut = new CutNote();
      const functions = await functionTotals(store, { ...range, ...readingOf(context, cut) });
      return context.json({ functions, ...cut.member }, 200);
    })
    .openapi(seriesRoute, async (context) => {
      const { stepS: asked, service, ...query } = context.req.valid("query");
      const range = timeRange(query, now());
      const { name } = context.req.valid("param");
      const stepS = stepOf(range, asked);
      const cut = new CutNote();
      const series = await functionSeries(store, { name, service, ...range, stepS, ...readingOf(context, cut) });
      return context.json({ ...series, ...cut.member }, 200);
    })
    .openapi(queuesRoute, async (context) => {
      const range = timeRange(context.req.valid("query"), now());
      const cut = new CutNote();
      const queues = await queueTotals(store, { ...range, ...readingOf(context, cut) });
      return context.json({ queues, ...cut.member }, 200);
    })
    .openapi(mapRoute, async (context) => {
      const range = timeRange(context.req.valid("query"), now());
      const cut = new CutNote();
      const edges = await mapEdges(store, { ...range, ...readingOf(context, cut) });
      return context.json({ ...toMap(edges), ...cut.member }, 200);
    });
}

/** Whole minutes, or whole hours where they are long and not asked for; no more points than a series may have. */
function stepOf({ from, to }: TimeRange, askedS: number | undefined): number {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  const wanted = askedS ?? seconds / POINTS_DEFAULT;
  const least = seconds / SERIES_POINTS_MAX;
  const grain = askedS === undefined && wanted > HOUR_S ? HOUR_S : MINUTE_S;
  return Math.ceil(Math.max(wanted, least, MINUTE_S) / grain) * grain;
}

function toMap(rows: readonly MapEdgeRow[]): MapResponse {
  const nodes = new Map<string, MapResponse["nodes"][number]>();
  const edges = rows.map((row) => {
    const code = `function:${row.service}:${row.name}`;
    nodes.set(code, { id: code, kind: "function", name: row.name });
    const peerKind = row.kind === "call" ? "external" : kindOfSystem(row.system);
    const peer =
      row.kind === "call" ? `external:http:${row.peer}` : destinationId({ system: row.system, name: row.peer });
    nodes.set(peer, { id: peer, kind: peerKind, name: row.peer });
    const [from, to] = row.kind === "receive" ? [peer, code] : [code, peer];
    return {
      from,
      to,
      kind: row.kind,
      count: row.count,
      errors: row.errors,
      durationMs: { p50: row.p50, p95: row.p95 },
    };
  });
  return { nodes: [...nodes.values()], edges };
}
