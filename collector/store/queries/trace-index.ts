/** The index: in which slots of 15 seconds a trace has spans, and which traces a hash in hop_keys stands for. */
import type { NativeBlock } from "../native-answer.ts";
import type { QueryBounds, Store } from "../store.ts";
import { parameterChunks } from "./parameter-chunks.ts";
import { LOOK_UP_SETTINGS, within, type Reading } from "./reading.ts";
import { traceRef } from "./trace-ref.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 50_000_000, memoryBytes: 1024 ** 3 };

/** Slots by their start, seconds since the epoch: the first and the last with spans of the trace. */
export interface TraceSlots {
  readonly traceId: string;
  readonly firstSlot: number;
  readonly lastSlot: number;
}

const SQL = `
SELECT trace_id, toUInt32(first_slot) AS first, toUInt32(last_slot) AS last
FROM trace_index
WHERE xxHash32(trace_id) IN {refs:Array(UInt32)}
${LOOK_UP_SETTINGS}`;
/** A flow waits for the first trace that it asks for: a second thread would begin when the first is done. */
const ONE_SQL = `${SQL}, max_threads = 1`;

/** The index as one reader sees it: what it was asked once it remembers. */
export class TraceIndex {
  readonly #store: Store;
  readonly #known = new Map<number, readonly TraceSlots[]>();
  #asking: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Those of the traces that have spans. */
  async slotsOf(traceIds: readonly string[], reading: Reading): Promise<TraceSlots[]> {
    const found = await this.tracesOf(traceIds.map(traceRef), reading);
    return traceIds.flatMap((asked) => {
      return found.get(traceRef(asked))?.filter(({ traceId }) => traceId === asked) ?? [];
    });
  }

  /** By hash, the traces that have it: one, but where hashes meet. What two ask for at once is asked once. */
  tracesOf(refs: readonly number[], reading: Reading): Promise<ReadonlyMap<number, readonly TraceSlots[]>> {
    const answer = this.#asking.then(() => this.#ask(refs, reading));
    this.#asking = answer.catch(() => undefined);
    return answer;
  }

  async #ask(refs: readonly number[], reading: Reading): Promise<ReadonlyMap<number, readonly TraceSlots[]>> {
    const wanted = [...new Set(refs)].filter((ref) => !this.#known.has(ref));
    for (const asked of parameterChunks(wanted, String)) {
      const sql = asked.length === 1 ? ONE_SQL : SQL;
      const blocks = await this.#store.queryBlocks(sql, { refs: asked }, within(BOUNDS, reading));
      for (const trace of mergedRows(blocks.flatMap(rowsOf))) {
        const ref = traceRef(trace.traceId);
        this.#known.set(ref, [...(this.#known.get(ref) ?? []), trace]);
      }
    }
    return this.#known;
  }
}

function rowsOf(block: NativeBlock): TraceSlots[] {
  const [firsts, lasts] = [block.numbers("first"), block.numbers("last")];
  return Array.from(block.texts("trace_id"), (traceId, row) => {
    return { traceId, firstSlot: firsts[row] as number, lastSlot: lasts[row] as number };
  });
}

/** A trace has a row for each insert until the store has merged them. */
function mergedRows(rows: readonly TraceSlots[]): Iterable<TraceSlots> {
  const merged = new Map<string, TraceSlots>();
  for (const row of rows) {
    const { traceId } = row;
    const other = merged.get(traceId) ?? row;
    const firstSlot = Math.min(row.firstSlot, other.firstSlot);
    merged.set(traceId, { traceId, firstSlot, lastSlot: Math.max(row.lastSlot, other.lastSlot) });
  }
  return merged.values();
}
