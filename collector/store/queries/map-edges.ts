/** The map's edges over a time range, from the rollup. */
import type { QueryBounds, Store } from "../store.ts";
import { placeNameSql, systemSql } from "./message-place-sql.ts";
import { atMost, within, type Reading } from "./reading.ts";
import { IN_ROLLUP_RANGE, rollupRange, type MinuteRange } from "./rollup-range.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 100_000_000, memoryBytes: 1024 ** 3 };
/** Edges of one answer: a map with more is not read by anyone. */
const MAP_EDGES_MAX = 2_000;

/** The minutes that are summed up. */
export interface MapQuery extends Reading, MinuteRange {}

/** What one service or function has to do with one peer: spans, failed ones, durations in milliseconds. */
export interface MapEdgeRow {
  readonly kind: "publish" | "receive" | "call";
  readonly service: string;
  readonly name: string;
  readonly system: string;
  readonly peer: string;
  readonly count: number;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
}

interface Row extends Omit<MapEdgeRow, "count" | "errors" | "p50" | "p95"> {
  readonly span_count: string;
  readonly error_count: string;
  readonly quantiles: readonly [number, number];
}

const SQL = `
SELECT edge_kind AS kind, service_name AS service, faas_name AS name, ${systemSql("peer_system")} AS system,
    ${placeNameSql("peer_name")} AS peer,
    sum(spans) AS span_count, sum(errors) AS error_count, quantilesTDigestMerge(0.5, 0.95)(duration_ms) AS quantiles
FROM map_minutes
WHERE ${IN_ROLLUP_RANGE}
GROUP BY edge_kind, service, name, system, peer
ORDER BY span_count DESC, edge_kind, service, name, peer
LIMIT {limit:UInt32}`;

/** The edges with most spans first. */
export async function mapEdges(store: Store, { from, to, ...reading }: MapQuery): Promise<MapEdgeRow[]> {
  const params = { ...rollupRange({ from, to }), limit: MAP_EDGES_MAX + 1 };
  const rows = await store.query<Row>(SQL, params, within(BOUNDS, reading));
  const edges = atMost(rows, { limit: MAP_EDGES_MAX, name: "edges", onCut: reading.onCut });
  return edges.map(({ span_count: count, error_count: errors, quantiles: [p50, p95], ...edge }) => ({
    ...edge,
    count: Number(count),
    errors: Number(errors),
    p50,
    p95,
  }));
}
