/** The index: in which slots of 15 seconds a trace has spans, and which traces a hash in hop_keys stands for. */
import type { NativeBlock } from "../native-answer.ts";
import type { QueryBounds, Store } from "../store.ts";
import { parameterChunks } from "./parameter-chunks.ts";
import { atMost, LOOK_UP_SETTINGS, within, type Reading } from "./reading.ts";
import { traceRef } from "./trace-ref.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 50_000_000, memoryBytes: 1024 ** 3 };

const SECONDS_PER_HOUR = 3600;
/** Hours of one trace of which spans are read at most: a month of a process that ends no trace. */
const HOURS_PER_TRACE_MAX = 31 * 24;

/** Slots by their start, seconds since the epoch: the first and the last of one hour with spans of the trace. */
export interface TraceSlots {
  readonly traceId: string;
  readonly firstSlot: number;
  readonly lastSlot: number;
  /** Of the columns that any of these spans fills (column-groups.ts). */
  readonly columnGroups: number;
}

const SQL = `
SELECT trace_id, toUInt32(first_slot) AS first, toUInt32(last_slot) AS last, toUInt8(column_groups) AS groups
FROM trace_index
WHERE xxHash32(trace_id) IN {refs:Array(UInt32)}
${LOOK_UP_SETTINGS}`;
/** The slots of traces, by hour, of each trace that one hash stands for. */
type SlotsByTrace = ReadonlyMap<string, readonly TraceSlots[]>;

/** A flow waits for the first trace that it asks for: a second thread would begin when the first is done. */
const ONE_SQL = `${SQL}, max_threads = 1`;

/** The index as one reader sees it: what it was asked once it remembers. */
export class TraceIndex {
  readonly #store: Store;
  readonly #known = new Map<number, SlotsByTrace>();
  #asking: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Those of the traces that have spans, each hour's. */
  async slotsOf(traceIds: readonly string[], reading: Reading): Promise<TraceSlots[]> {
    const found = await this.tracesOf(traceIds.map(traceRef), reading);
    return traceIds.flatMap((traceId) => {
      const slots = found.get(traceRef(traceId))?.get(traceId) ?? [];
      return atMost(slots, { limit: HOURS_PER_TRACE_MAX, name: "hours", ...reading });
    });
  }

  /** By hash, the traces that have it: one, but where hashes meet. What two ask for at once is asked once. */
  tracesOf(refs: readonly number[], reading: Reading): Promise<ReadonlyMap<number, SlotsByTrace>> {
    const answer = this.#asking.then(() => this.#ask(refs, reading));
    this.#asking = answer.catch(() => undefined);
    return answer;
  }

  /** The same of one hash without asking: nothing where it was not asked about, or has no traces. */
  known(ref: number): SlotsByTrace | undefined {
    return this.#known.get(ref);
  }

  async #ask(refs: readonly number[], reading: Reading): Promise<ReadonlyMap<number, SlotsByTrace>> {
    const wanted = [...new Set(refs)].filter((ref) => !this.#known.has(ref));
    for (const asked of parameterChunks(wanted, String)) {
      const sql = asked.length === 1 ? ONE_SQL : SQL;
      const blocks = await this.#store.queryBlocks(sql, { refs: asked }, within(BOUNDS, reading));
      for (const [traceId, slots] of slotsByTrace(blocks.flatMap(rowsOf))) {
        const ref = traceRef(traceId);
        this.#known.set(ref, new Map([...(this.#known.get(ref) ?? []), [traceId, slots]]));
      }
    }
    return this.#known;
  }
}

function rowsOf(block: NativeBlock): TraceSlots[] {
  const [firsts, lasts, groups] = ["first", "last", "groups"].map((name) => block.numbers(name));
  return Array.from(block.texts("trace_id"), (traceId, row) => ({
    traceId,
    firstSlot: firsts?.[row] as number,
    lastSlot: lasts?.[row] as number,
    columnGroups: groups?.[row] as number,
  }));
}

/** A trace has a row for each hour and insert until the store has merged those of an hour. */
function slotsByTrace(rows: readonly TraceSlots[]): Map<string, TraceSlots[]> {
  const byHour = new Map<string, TraceSlots>();
  for (const row of rows) {
    const hour = `${row.traceId} ${String(hourOf(row))}`;
    const other = byHour.get(hour) ?? row;
    const firstSlot = Math.min(row.firstSlot, other.firstSlot);
    const lastSlot = Math.max(row.lastSlot, other.lastSlot);
    byHour.set(hour, { ...row, firstSlot, lastSlot, columnGroups: row.columnGroups | other.columnGroups });
  }
  const byTrace = new Map<string, TraceSlots[]>();
  for (const slots of [...byHour.values()].sort((a, b) => a.firstSlot - b.firstSlot)) {
    const own = byTrace.get(slots.traceId);
    if (own) own.push(slots);
    else byTrace.set(slots.traceId, [slots]);
  }
  return byTrace;
}

function hourOf({ firstSlot }: TraceSlots): number {
  return Math.floor(firstSlot / SECONDS_PER_HOUR);
}
