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
import type { KernelStruct, Place } from "./kernel-instance.ts";
import { writeBlock } from "./native-block.ts";
import { ArrayColumn, ArrayLengths, LowCardinalityArrayColumn, MapColumn } from "./native-arrays.ts";
import {
  KernelLowCardinalityColumn,
  KernelMapColumn,
  KernelScalarColumn,
  KernelStringColumn,
  KernelUuidColumn,
} from "./kernel-columns.ts";
import {
  LowCardinalityColumn,
  StringColumn,
  u64Column,
  u8Column,
  type Column,
  type MarkLevel,
  type ScalarColumn,
} from "./native-columns.ts";
import { SpanKernel } from "./span-kernel.ts";

/** A column of an attribute of spans, with the writer that its type needs. */
export type PromotedWriter =
  | { readonly type: "lowCardinality"; readonly column: KernelLowCardinalityColumn }
  | { readonly type: "string"; readonly column: KernelStringColumn }
  | { readonly type: "uuid"; readonly column: KernelUuidColumn }
  | { readonly type: "uint16"; readonly column: KernelScalarColumn<Uint16Array> }
  | { readonly type: "uint32" | "uint64"; readonly column: KernelScalarColumn<Uint32Array> }
  | { readonly type: "float64"; readonly column: KernelScalarColumn<Float64Array> }
  | { readonly type: "bool"; readonly column: KernelScalarColumn<Uint8Array> };

/** The same of an attribute of resources. */
export type ResourceWriter =
  | { readonly type: "lowCardinality"; readonly column: LowCardinalityColumn }
  | { readonly type: "uint64"; readonly column: ScalarColumn<Uint32Array> };

/** How the kernel knows the types: KIND_... in kernel/block.ts. */
export const COLUMN_KINDS: Readonly<Record<PromotedWriter["type"], number>> = {
  lowCardinality: 1,
  string: 2,
  uuid: 3,
  uint16: 4,
  uint32: 5,
  uint64: 6,
  float64: 7,
  bool: 8,
};

function promotedWriter(kernel: SpanKernel, { column: name, type, isUuid }: PromotedColumn): PromotedWriter {
  const { exports } = kernel;
  if (isUuid) return { type: "uuid", column: new KernelUuidColumn(kernel, exports.newUuids(), name) };
  switch (type) {
    case "lowCardinality":
      return { type, column: new KernelLowCardinalityColumn(kernel, exports.newLowCardinality(), name) };
    case "string":
      return { type, column: new KernelStringColumn(kernel, exports.newStrings(), name) };
    case "uint16":
      return { type, column: new KernelScalarColumn(kernel, exports.newScalar(2), name, "UInt16", Uint16Array) };
    case "uint32":
      return { type, column: new KernelScalarColumn(kernel, exports.newScalar(4), name, "UInt32", Uint32Array) };
    case "uint64":
      return { type, column: new KernelScalarColumn(kernel, exports.newScalar(8), name, "UInt64", Uint32Array, 2) };
    case "float64":
      return { type, column: new KernelScalarColumn(kernel, exports.newScalar(8), name, "Float64", Float64Array) };
    case "bool":
      return { type, column: new KernelScalarColumn(kernel, exports.newScalar(1), name, "UInt8", Uint8Array) };
    case "strings":
      throw new Error(`column ${name} has no writer for ${type}`);
  }
}

function resourceWriter({ column: name, type }: PromotedColumn): ResourceWriter {
  if (type === "lowCardinality") return { type, column: new LowCardinalityColumn(name) };
  if (type === "uint64") return { type, column: u64Column(name) };
  throw new Error(`column ${name} of resources has no writer for ${type}`);
}

/** A block of spans in the making. */
export class SpanBlock {
  rows = 0;
  readonly kernel = new SpanKernel();
  readonly traceId = this.#words("traceId", "trace_id", "FixedString(16)", 4);
  /** The span's id, then its parent's. */
  readonly spanIds = this.#words("spanIds", "span_ids", "FixedString(16)", 4);
  readonly startTime = this.#words("startTime", "start_time", "DateTime64(9)", 2);
  readonly durationNs = this.#words("durationNs", "duration_ns", "UInt64", 2);
  readonly spanName = new KernelLowCardinalityColumn(this.kernel, this.#place("spanName"), "name");
  readonly kind = this.#bytes("kind", "kind");
  readonly statusCode = this.#bytes("statusCode", "status_code");
  readonly statusMessage = new KernelStringColumn(this.kernel, this.#place("statusMessage"), "status_message");
  readonly traceState = new StringColumn("trace_state");
  readonly flags = this.#words("flags", "flags", "UInt32", 1);
  readonly rest = new StringColumn("rest");
  readonly resource = new LowCardinalityColumn("resource");
  readonly scope = new LowCardinalityColumn("scope");
  readonly resourceColumns: readonly ResourceWriter[] = STORED_RESOURCE_COLUMNS.map(resourceWriter);
  readonly promoted: readonly PromotedWriter[] = PROMOTED_SPAN_COLUMNS.map((column) =>
    promotedWriter(this.kernel, column),
  );

  readonly #keyLengths = new ArrayLengths();
  readonly messageKeys = new ArrayColumn(MESSAGE_KEYS_COLUMN, "Array(String)", this.#keyLengths);
  readonly messageKeysForm = u8Column(MESSAGE_KEYS_FORM_COLUMN);
  readonly stringMap = this.#map("stringMap", ATTRIBUTE_MAP_COLUMNS.string, "String");
  readonly intMap = this.#map("intMap", ATTRIBUTE_MAP_COLUMNS.int, "Int64");
  readonly doubleMap = this.#map("doubleMap", ATTRIBUTE_MAP_COLUMNS.double, "Float64");
  readonly boolMap = this.#map("boolMap", ATTRIBUTE_MAP_COLUMNS.bool, "UInt8");
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

  #place(struct: KernelStruct): Place {
    return this.kernel.exports[struct].value;
  }

  #words(struct: KernelStruct, name: string, type: string, perRow: number): KernelScalarColumn<Uint32Array> {
    return new KernelScalarColumn(this.kernel, this.#place(struct), name, type, Uint32Array, perRow);
  }

  #bytes(struct: KernelStruct, name: string): KernelScalarColumn<Uint8Array> {
    return new KernelScalarColumn(this.kernel, this.#place(struct), name, "UInt8", Uint8Array);
  }

  #map(struct: KernelStruct, name: string, valueType: string): KernelMapColumn {
    return new KernelMapColumn(this.kernel, this.#place(struct), name, valueType);
  }
}
