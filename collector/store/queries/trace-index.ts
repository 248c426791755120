/** The index of traces: in which hours a trace has spans, and which traces a hash in hop_keys stands for. */
import type { QueryBounds, Store } from "../store.ts";
import { within, type Reading } from "./reading.ts";
import { traceRef } from "./trace-ref.ts";

/** Hashes of one statement: they travel in its URL, of which a server takes 1 MiB. */
const REFS_PER_QUERY_MAX = 40_000;
const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 50_000_000, memoryBytes: 1024 ** 3 };

/** Hours by their start, seconds since the epoch; the trace has spans in the first and the last of them. */
export interface TraceHours {
  readonly traceId: string;
  readonly firstHour: number;
  readonly lastHour: number;
}

const SQL = `
SELECT
    lower(hex(trace_id)) AS "traceId",
    toUnixTimestamp(first_hour) AS "firstHour",
    toUnixTimestamp(last_hour) AS "lastHour"
FROM trace_index
WHERE xxHash32(trace_id) IN {refs:Array(UInt32)}`;

/** The index as one reader sees it: what it was asked once it remembers. */
export class TraceIndex {
  readonly #store: Store;
  readonly #known = new Map<number, readonly TraceHours[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Those of the traces that have spans. */
  async hoursOf(traceIds: readonly string[], reading: Reading): Promise<TraceHours[]> {
    const found = await this.tracesOf(traceIds.map(traceRef), reading);
    return traceIds.flatMap((asked) => {
      return found.get(traceRef(asked))?.filter(({ traceId }) => traceId === asked) ?? [];
    });
  }

  /** By hash, the traces that have it: one, but where hashes meet. */
  async tracesOf(
    refs: readonly number[],
    reading: Reading,
  ): Promise<ReadonlyMap<number, readonly TraceHours[]>> {
    const wanted = [...new Set(refs)].filter((ref) => !this.#known.has(ref));
    for (let at = 0; at < wanted.length; at += REFS_PER_QUERY_MAX) {
      const params = { refs: wanted.slice(at, at + REFS_PER_QUERY_MAX) };
      const rows = await this.#store.query<TraceHours>(SQL, params, within(BOUNDS, reading));
      for (const trace of mergedRows(rows)) {
        const ref = traceRef(trace.traceId);
        this.#known.set(ref, [...(this.#known.get(ref) ?? []), trace]);
      }
    }
    return this.#known;
  }
}

/** A trace has a row for each insert until the store has merged them. */
function mergedRows(rows: readonly TraceHours[]): Iterable<TraceHours> {
  const merged = new Map<string, TraceHours>();
  for (const row of rows) {
    const { traceId } = row;
    const other = merged.get(traceId) ?? row;
    const firstHour = Math.min(row.firstHour, other.firstHour);
    merged.set(traceId, { traceId, firstHour, lastHour: Math.max(row.lastHour, other.lastHour) });
  }
  return merged.values();
}
