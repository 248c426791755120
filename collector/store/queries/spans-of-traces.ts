/** The spans of traces, found by the trace index: only the slots of 15 seconds that have spans of one are read. */
import type { Span } from "../../../schema/flow.ts";
import type { QueryBounds, QueryOptions, Store } from "../store.ts";
import { ALL_GROUPS } from "../column-groups.ts";
import { Tuple } from "../query-parameter.ts";
import { parameterChunks } from "./parameter-chunks.ts";
import { FEW_PLACES, FEW_PLACES_MAX, MANY_PLACES, PLACE } from "./places.ts";
import { LOOK_UP_SETTINGS, within, type Reading } from "./reading.ts";
import { SECONDS_PER_SLOT, slotSql } from "./slots.ts";
import { SPAN_COLUMNS, spanColumns, spanReader } from "./span-row.ts";
import { TraceIndex, type TraceSlots } from "./trace-index.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 50_000_000, memoryBytes: 2 * 1024 ** 3 };

/** Traces by their ids in hex, and how much of them is wanted. */
export interface SpansOfTraces extends Reading {
  readonly traceIds: readonly string[];
  /** Spans at most: where there are more, the first by slot, trace and time. */
  readonly limit: number;
}

/** A query for places that are named in it, by their slots and their traces, and for more of them than that. */
interface PlacedSql {
  readonly few: string;
  readonly square: string;
  readonly many: string;
}

/** Places of which the rows are few, so that a second thread takes more than it gives. */
const ALONE_PLACES_MAX = 16;
/**
 * Two sets are read in half the time of one of tuples, and say the same, as the index knows all slots of a trace; but
 * granules are searched for each pair of them: for so many a place at most.
 */
const PAIRS_PER_PLACE_MAX = 2;

function sqlOf(columns: string, { condition = "", order = "" } = {}): PlacedSql {
  const sql = (places: string) => `
SELECT
  ${columns}
FROM spans
${places}
${order}
LIMIT {limit:UInt32}
${LOOK_UP_SETTINGS}`;
  const slot = slotSql("spans.start_time");
  // What is read first is said, where the store would find it out in as much time as it takes to read five columns.
  const read = (places: string) => sql(`PREWHERE ${places} ${condition && `WHERE ${condition}`}`);
  const few = read(`${PLACE} IN ${FEW_PLACES}`);
  const square = read(`${slot} IN {slots:Array(UInt32)} AND spans.trace_id IN {traceIds:Array(FixedString(16))}`);
  const many = sql(`WHERE ${PLACE} IN ${MANY_PLACES} ${condition && `AND ${condition}`}`);
  return { few, square, many };
}

const BY_TIME = `ORDER BY ${slotSql("spans.start_time")}, spans.trace_id, spans.start_time`;

/** How long what was just stored may be without its row in the index, at most; what is in both is whole, ms. */
const SETTLED_AFTER_MS = 60_000;

/** The groups of columns that must be read of these slots: any may be filled where spans are still coming. */
function columnGroupsOf(slots: readonly TraceSlots[]): number {
  const settledS = (Date.now() - SETTLED_AFTER_MS) / 1000 - SECONDS_PER_SLOT;
  if (slots.some(({ lastSlot }) => lastSlot > settledS)) return ALL_GROUPS;
  return slots.reduce((groups, { columnGroups }) => groups | columnGroups, 0);
}

/** Spans of the traces, at most `limit` of them, in any order; `index` is that of the reader where it has one. */
export async function spansOfTraces(
  store: Store,
  asked: SpansOfTraces,
  index = new TraceIndex(store),
): Promise<Span[]> {
  const ask = async (how: { readonly order?: string }) => {
    const placed = (slots: readonly TraceSlots[]) => sqlOf(spanColumns(columnGroupsOf(slots)), how);
    const read = spanReader();
    const spans: Span[] = [];
    await eachPart({ index, placed }, asked, async (sql, params, options) => {
      const blocks = await store.queryBlocks(sql, params, options);
      const before = spans.length;
      for (const block of blocks) for (const span of read(block)) spans.push(span);
      return spans.length - before;
    });
    return spans;
  };
  const spans = await ask({});
  // An order costs a tenth of the time, and says something only where the limit leaves spans out.
  return spans.length < asked.limit ? spans : ask({ order: BY_TIME });
}

const ONE_SQL = sqlOf(SPAN_COLUMNS, { condition: "spans.span_id = toFixedString(unhex({spanId:String}), 8)" });

/** One span by its ids in hex. */
export interface SpanOfTrace extends Reading {
  readonly traceId: string;
  readonly spanId: string;
  /** Which one is wanted, where a trace has several spans of one id. */
  readonly kind?: Span["kind"] | undefined;
  readonly service?: string | undefined;
}

/** Spans of one trace and one id that are looked at: a span may be stored again each time that it is sent. */
const SAME_ID_MAX = 20;

/** One span; undefined where it is not stored. */
export async function spanOfTrace(
  store: Store,
  { traceId, spanId, kind, service, ...reading }: SpanOfTrace,
): Promise<Span | undefined> {
  const isAny = kind === undefined && service === undefined;
  const asked = { traceIds: [traceId], limit: isAny ? 1 : SAME_ID_MAX, ...reading };
  const found: Span[] = [];
  const from = { index: new TraceIndex(store), placed: () => ONE_SQL };
  await eachPart(from, asked, async (sql, params, options) => {
    const blocks = await store.queryBlocks(sql, { ...params, spanId }, options);
    const spans = blocks.flatMap(spanReader());
    found.push(...spans);
    return spans.length;
  });
  return found.find((span) => (kind ?? span.kind) === span.kind && (service ?? span.service) === span.service);
}

/** Gives `onRow` these columns of the traces' spans, at most `limit` rows, by time. */
export async function rowsOfTraces<Row>(
  store: Store,
  columns: string,
  asked: SpansOfTraces,
  onRow: (row: Row) => void,
): Promise<void> {
  const from = { store, index: new TraceIndex(store), placed: () => sqlOf(columns, { order: BY_TIME }) };
  await eachRow(from, asked, onRow);
}

/** What a reader of a few columns names; `index` is its own where it has one. */
export interface ColumnsOf {
  readonly store: Store;
  /** Of spans that fill no other groups of columns than these. */
  readonly columns: (columnGroups: number) => string;
  readonly index?: TraceIndex | undefined;
}

/** The same in any order. */
export async function unorderedRowsOfTraces<Row>(
  { store, columns, index = new TraceIndex(store) }: ColumnsOf,
  asked: SpansOfTraces,
  onRow: (row: Row) => void,
): Promise<void> {
  const placed = (slots: readonly TraceSlots[]) => sqlOf(columns(columnGroupsOf(slots)));
  await eachRow({ store, index, placed }, asked, onRow);
}

interface PlacedRead {
  readonly index: TraceIndex;
  readonly placed: (slots: readonly TraceSlots[]) => PlacedSql;
}

async function eachRow<Row>(
  { store, ...from }: PlacedRead & { readonly store: Store },
  asked: SpansOfTraces,
  onRow: (row: Row) => void,
): Promise<void> {
  await eachPart(from, asked, async (sql, params, options) => {
    let count = 0;
    const take = (row: Row) => {
      count += 1;
      onRow(row);
    };
    await store.query<Row>(sql, params, { ...options, onRow: take });
    return count;
  });
}

/** Asks for one part of the traces' slots, and says how many rows there were. */
type AskPart = (sql: string, params: Record<string, unknown>, options: QueryOptions) => Promise<number>;

/** Asks part by part, as the parameters of one statement have a bound, until there are `limit` rows. */
async function eachPart(
  { index, placed }: PlacedRead,
  { traceIds, limit, ...reading }: SpansOfTraces,
  ask: AskPart,
): Promise<void> {
  const slots = await index.slotsOf(traceIds, reading);
  const sql = placed(slots);
  const places = slots.flatMap(placesOf);
  const alone = places.length <= ALONE_PLACES_MAX ? ", max_threads = 1" : "";
  let left = limit;
  for (const part of placeParts(places)) {
    if (left <= 0) break;
    left -= await ask(sql[part.form] + alone, { ...part.params, limit: left }, within(BOUNDS, reading));
  }
}

/** Where spans of a trace lie: a slot, by its number. */
interface Place {
  readonly slot: number;
  readonly traceId: string;
}

function placesOf({ traceId, firstSlot, lastSlot }: TraceSlots): Place[] {
  const count = (lastSlot - firstSlot) / SECONDS_PER_SLOT + 1;
  return Array.from({ length: count }, (_, at) => ({ slot: firstSlot / SECONDS_PER_SLOT + at, traceId }));
}

interface PlacePart {
  readonly form: keyof PlacedSql;
  readonly params: Record<string, unknown>;
}

function* placeParts(places: readonly Place[]): Generator<PlacePart> {
  if (places.length === 0) return;
  const slots = new Set(places.map(({ slot }) => slot));
  const traceIds = new Map(places.map(({ traceId }) => [traceId, Buffer.from(traceId, "hex")]));
  if (places.length > FEW_PLACES_MAX) {
    const parts = parameterChunks(places, ({ traceId }) => traceId);
    for (const part of parts) yield { form: "many", params: manyParams(part) };
  } else if (slots.size * traceIds.size <= places.length * PAIRS_PER_PLACE_MAX) {
    yield { form: "square", params: { slots: [...slots], traceIds: [...traceIds.values()] } };
  } else {
    const named = places.map(({ slot, traceId }) => new Tuple(slot, traceIds.get(traceId)));
    yield { form: "few", params: { places: named } };
  }
}

function manyParams(places: readonly Place[]): Record<string, unknown> {
  return { slots: places.map(({ slot }) => slot), traceIds: places.map(({ traceId }) => traceId) };
}
