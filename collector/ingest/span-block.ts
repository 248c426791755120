/** Every column of the table `spans`, as the transcoder fills them. */
import {
  ATTRIBUTE_MAP_COLUMNS,
  MESSAGE_KEYS_COLUMN,
  MESSAGE_KEYS_FORM_COLUMN,
  PROMOTED_SPAN_COLUMNS,
  STORED_RESOURCE_COLUMNS,
  type PromotedColumn,
} from "../store/span-columns.ts";
import { BlockMemory, type BlockBytes } from "./block-memory.ts";
import { writeBlock } from "./native-block.ts";
import { ArrayColumn, ArrayLengths, LowCardinalityArrayColumn, MapColumn } from "./native-arrays.ts";
import {
  f64Column,
  idColumn,
  LowCardinalityColumn,
  StringColumn,
  u16Column,
  u32Column,
  u64Column,
  u8Column,
  type Column,
  type MarkLevel,
  type ScalarColumn,
} from "./native-columns.ts";
import { UuidColumn } from "./uuid-column.ts";

/** A promoted column with the writer that its type needs. */
export type PromotedWriter =
  | { readonly type: "lowCardinality"; readonly column: LowCardinalityColumn }
  | { readonly type: "string"; readonly column: StringColumn }
  | { readonly type: "uuid"; readonly column: UuidColumn }
  | { readonly type: "uint16"; readonly column: ScalarColumn<Uint16Array> }
  | { readonly type: "uint32" | "uint64"; readonly column: ScalarColumn<Uint32Array> }
  | { readonly type: "float64"; readonly column: ScalarColumn<Float64Array> }
  | { readonly type: "bool"; readonly column: ScalarColumn<Uint8Array> };

function promotedWriter({ column, type, isUuid }: PromotedColumn): PromotedWriter {
  if (isUuid) return { type: "uuid", column: new UuidColumn(column) };
  if (type === "lowCardinality") return { type, column: new LowCardinalityColumn(column) };
  if (type === "string") return { type, column: new StringColumn(column) };
  if (type === "uint16") return { type, column: u16Column(column) };
  if (type === "uint32") return { type, column: u32Column(column) };
  if (type === "uint64") return { type, column: u64Column(column) };
  if (type === "float64") return { type, column: f64Column(column) };
  if (type === "bool") return { type, column: u8Column(column) };
  throw new Error(`column ${column} has no writer for ${type}`);
}

/** A block of spans in the making. */
export class SpanBlock {
  rows = 0;
  readonly traceId = idColumn("trace_id", 4);
  /** The span's id, then its parent's. */
  readonly spanIds = idColumn("span_ids", 4);
  readonly startTime = u64Column("start_time", "DateTime64(9)");
  readonly durationNs = u64Column("duration_ns");
  readonly spanName = new LowCardinalityColumn("name");
  readonly kind = u8Column("kind");
  readonly statusCode = u8Column("status_code");
  readonly statusMessage = new StringColumn("status_message");
  readonly traceState = new StringColumn("trace_state");
  readonly flags = u32Column("flags");
  readonly rest = new StringColumn("rest");
  readonly resource = new LowCardinalityColumn("resource");
  readonly scope = new LowCardinalityColumn("scope");
  readonly resourceColumns: readonly PromotedWriter[] = STORED_RESOURCE_COLUMNS.map(promotedWriter);
  readonly promoted: readonly PromotedWriter[] = PROMOTED_SPAN_COLUMNS.map(promotedWriter);

  readonly #keyLengths = new ArrayLengths();
  readonly messageKeys = new ArrayColumn(MESSAGE_KEYS_COLUMN, "Array(String)", this.#keyLengths);
  readonly messageKeysForm = u8Column(MESSAGE_KEYS_FORM_COLUMN);
  readonly stringMap = new MapColumn(ATTRIBUTE_MAP_COLUMNS.string, "String");
  readonly intMap = new MapColumn(ATTRIBUTE_MAP_COLUMNS.int, "Int64");
  readonly doubleMap = new MapColumn(ATTRIBUTE_MAP_COLUMNS.double, "Float64");
  readonly boolMap = new MapColumn(ATTRIBUTE_MAP_COLUMNS.bool, "UInt8");
  readonly jsonMap = new MapColumn(ATTRIBUTE_MAP_COLUMNS.json, "String");

  readonly eventLengths = new ArrayLengths();
  readonly eventTime = new ArrayColumn("events.time_unix_nano", "Array(UInt64)", this.eventLengths);
  readonly eventName = new LowCardinalityArrayColumn("events.name", this.eventLengths);
  readonly eventAttributes = new ArrayColumn("events.attributes", "Array(String)", this.eventLengths);
  readonly eventDropped = new ArrayColumn("events.dropped_attributes_count", "Array(UInt32)", this.eventLengths);
  readonly linkLengths = new ArrayLengths();
  readonly linkTraceId = new ArrayColumn("links.trace_id", "Array(FixedString(16))", this.linkLengths);
  readonly linkSpanId = new ArrayColumn("links.span_id", "Array(FixedString(8))", this.linkLengths);
  readonly linkTraceState = new ArrayColumn("links.trace_state", "Array(String)", this.linkLengths);
  readonly linkAttributes = new ArrayColumn("links.attributes", "Array(String)", this.linkLengths);
  readonly linkDropped = new ArrayColumn("links.dropped_attributes_count", "Array(UInt32)", this.linkLengths);
  readonly linkFlags = new ArrayColumn("links.flags", "Array(UInt32)", this.linkLengths);

  readonly #columns: readonly Column[] = [
    ...[this.traceId, this.spanIds, this.startTime, this.durationNs],
    ...[this.spanName, this.kind, this.statusCode, this.statusMessage, this.traceState, this.flags],
    ...[this.rest, this.resource, this.scope],
    ...[...this.resourceColumns, ...this.promoted].flatMap((writer): Column[] =>
      writer.type === "uuid" ? [writer.column.uuid, writer.column.text] : [writer.column],
    ),
    ...[this.messageKeys, this.messageKeysForm],
    ...[this.stringMap, this.intMap, this.doubleMap, this.boolMap, this.jsonMap],
    ...[this.eventTime, this.eventName, this.eventAttributes, this.eventDropped],
    ...[this.linkTraceId, this.linkSpanId, this.linkTraceState, this.linkAttributes, this.linkDropped, this.linkFlags],
  ];
  readonly #memory = new BlockMemory();
  #capacity = 0;

  constructor() {
    for (const column of [this.traceId, this.spanIds, this.startTime]) column.used = true;
  }

  /** Makes room for `rows` rows in all. */
  ensureRows(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.max(rows, this.#capacity * 2, 512);
    for (const column of this.#columns) column.ensureRows(this.#capacity);
  }

  mark(level: MarkLevel): void {
    for (const column of this.#columns) column.mark(level);
  }

  /** Back to {@link mark}, at which there were `toRows` rows; a row half written goes, too. */
  rollback(level: MarkLevel, toRows: number): void {
    for (const column of this.#columns) column.rollback(level, toRows, this.rows);
    this.rows = toRows;
  }

  /** The block's bytes; the block is empty afterwards. */
  seal(): BlockBytes {
    const { rows } = this;
    writeBlock(this.#memory.out, this.#columns, rows);
    for (const column of this.#columns) column.reset(rows);
    this.rows = 0;
    for (const column of [this.traceId, this.spanIds, this.startTime]) column.used = true;
    return this.#memory.finish();
  }
}
