/** Blocks of `spans` back into spans: promoted columns and typed maps become attributes again. */
import * as names from "../../../schema/attributes.ts";
import type { Attributes, AttributeValue, Span, SpanEvent, SpanLink, Status } from "../../../schema/flow.ts";
import { ALL_GROUPS, isFilled } from "../column-groups.ts";
import type { NativeBlock } from "../native-answer.ts";
import type { FlatColumn, ListColumn, MapColumn } from "../native-columns.ts";
import { PROMOTED_SPAN_COLUMNS, type PromotedColumn } from "../span-columns.ts";
import { OWN_MESSAGE_KEYS_SQL, ownMessageKeys } from "./own-message-keys.ts";
import { emptyAttributes, fromAnyValueJson, fromKeyValues, fromKeyValuesJson } from "./otlp-value.ts";

/** The promoted columns that are stored: an id that is most often a UUID has two, of which one is filled at most. */
const STORED: readonly PromotedColumn[] = PROMOTED_SPAN_COLUMNS.flatMap((promoted) => {
  if (!promoted.isUuid) return [promoted];
  return ["_uuid", "_text"].map((end) => ({ ...promoted, column: promoted.column.replace(/_id$/, end) }));
});

/** The columns of which some traces have none, and as what they are read. */
const OTHER_COLUMNS: readonly (readonly [column: string, read: string])[] = [
  ...["status_message", "trace_state"].map((name) => [name, name] as const),
  ...STORED.map(({ column }) => [column, column] as const),
  ...["attributes_double", "attributes_bool", "attributes_json"].map((name) => [name, name] as const),
  ["events.time_unix_nano", "event_times"],
  ["events.name", "event_names"],
  ["events.attributes", "event_attributes"],
  ["links.trace_id", "link_trace_ids"],
  ["links.span_id", "link_span_ids"],
  ["links.trace_state", "link_trace_states"],
  ["links.attributes", "link_attributes"],
];

/**
 * What {@link spanReader} reads of spans that fill no other groups of columns than these, as the list of a SELECT. Each
 * expression costs about as much to plan as a column costs to read, so there is none that a reader can do without
 * (docs/decisions/0011-one-flow-in-few-reads.md).
 */
export function spanColumns(columnGroups: number): string {
  return [
    "trace_id, span_ids AS ids",
    "toString(start_time, 'UTC') AS start",
    "duration_ns, name, kind, status_code, resource, scope, service_name",
    `${OWN_MESSAGE_KEYS_SQL} AS own_message_keys, message_keys_form`,
    "attributes_string, attributes_int",
    ...OTHER_COLUMNS.filter(([column]) => isFilled(column, columnGroups)).map(([column, read]) =>
      column === read ? column : `\`${column}\` AS ${read}`,
    ),
  ].join(", ");
}

/** All that {@link spanReader} can read. */
export const SPAN_COLUMNS = spanColumns(ALL_GROUPS);

const NO_SPAN_ID = "0000000000000000";
const KINDS: readonly Span["kind"][] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: readonly Status[] = ["unset", "ok", "error"];

/** Turns blocks into spans; what many rows share (resources, scopes) is parsed once. */
export function spanReader(): (block: NativeBlock) => Span[] {
  const resources = new Map<string, Attributes>();
  const scopes = new Map<string, string>();
  return (block) => {
    const read = columnsOf(block);
    const spans = new Array<Span>(block.rows);
    let traceId = "";
    for (let row = 0; row < block.rows; row += 1) {
      // Most rows are of the trace of the one before: one text for all of them.
      if (read.traceIds[row] !== traceId) traceId = read.traceIds[row] as string;
      const ids = read.ids[row] as string;
      const span: Span = {
        traceId,
        spanId: ids.slice(0, NO_SPAN_ID.length),
        name: read.names[row] as string,
        kind: KINDS[read.kinds[row] as number] ?? "unspecified",
        service: read.services[row] as string,
        startTime: toInstant(read.starts[row] as string),
        durationMs: Number(read.durations[row]) / 1e6,
        status: STATUSES[read.statuses[row] as number] ?? "unset",
        statusMessage: read.statusMessages[row] as string,
        traceState: read.traceStates[row] as string,
        attributes: read.attributesOf(row),
        resource: remembered(resources, read.resources[row] as string, resourceAttributes),
        scope: remembered(scopes, read.scopes[row] as string, scopeName),
        events: read.eventsOf(row),
        links: read.linksOf(row),
      };
      // Not spread into the literal: an object made in one step takes a tenth of the time.
      const parentSpanId = ids.slice(NO_SPAN_ID.length);
      if (parentSpanId !== NO_SPAN_ID) span.parentSpanId = parentSpanId;
      spans[row] = span;
    }
    return spans;
  };
}

/** A block's columns, found once for all its rows. */
function columnsOf(block: NativeBlock) {
  return {
    traceIds: block.texts("trace_id"),
    ids: block.texts("ids"),
    names: block.texts("name"),
    kinds: block.numbers("kind"),
    services: block.texts("service_name"),
    starts: block.texts("start"),
    durations: block.flat("duration_ns").values,
    statuses: block.numbers("status_code"),
    statusMessages: textsOf(block, "status_message"),
    traceStates: textsOf(block, "trace_state"),
    resources: block.texts("resource"),
    scopes: block.texts("scope"),
    attributesOf: attributeReader(block),
    eventsOf: eventReader(block),
    linksOf: linkReader(block),
  };
}

/** Of a column that was not asked for, as nothing is in it, too. */
function textsOf(block: NativeBlock, name: string): ArrayLike<string> {
  return block.has(name) ? block.texts(name) : new Array<string>(block.rows).fill("");
}

/** ClickHouse's `2026-11-21 08:30:57.123456789` as an instant. */
function toInstant(clickhouseTime: string): string {
  return `${clickhouseTime.slice(0, 10)}T${clickhouseTime.slice(11)}Z`;
}

function remembered<Value>(cache: Map<string, Value>, json: string, parse: (json: string) => Value): Value {
  const known = cache.get(json);
  if (known !== undefined) return known;
  const value = parse(json);
  cache.set(json, value);
  return value;
}

function resourceAttributes(json: string): Attributes {
  if (json === "") return emptyAttributes();
  const { attributes } = JSON.parse(json) as { attributes?: Parameters<typeof fromKeyValues>[0] };
  return fromKeyValues(attributes ?? []);
}

function scopeName(json: string): string {
  return json === "" ? "" : ((JSON.parse(json) as { name?: string }).name ?? "");
}

type Stored = string | number;

/** A typed map of attributes, and what one of its values stands for. */
interface TypedMap extends MapColumn {
  readonly toValue: (value: Stored) => AttributeValue;
}

/** Reads attributes of a row out of those columns alone that have any in the block. */
function attributeReader(block: NativeBlock): (row: number) => Attributes {
  const read = STORED.filter(({ column }) => block.has(column));
  const promoted = read.map((column) => ({ ...column, ...block.flat(column.column) }));
  const used = promoted.filter(({ isBlank }) => !isBlank);
  const asStored = (value: Stored) => value;
  const toValues: Record<string, TypedMap["toValue"]> = {
    attributes_string: asStored,
    attributes_int: asStored,
    attributes_double: (value) => toDouble(value as number),
    attributes_bool: (value) => value !== 0,
    attributes_json: (value) => fromAnyValueJson(value as string),
  };
  const maps: TypedMap[] = Object.entries(toValues)
    .filter(([name]) => block.has(name))
    .map(([name, toValue]) => ({ ...block.map(name), toValue }))
    .filter(({ isBlank }) => !isBlank);
  const ownKeys = itemsIn<string>(block, "own_message_keys");
  const ownKeysOf = itemReader(block.list("own_message_keys"), (at) => ownKeys[at] as string);
  const forms = block.numbers("message_keys_form");
  return (row) => {
    const attributes = emptyAttributes();
    for (const column of used) {
      const value = column.values[row] as Stored;
      if (!isAbsent(value)) attributes[column.attribute] = promotedValue(column, value);
    }
    for (const map of maps) addMap(attributes, map, row);
    const keys = ownMessageKeys({
      keys: ownKeysOf(row),
      form: forms[row] as number,
      system: attributes[names.MESSAGING_SYSTEM],
      messageId: attributes[names.MESSAGING_MESSAGE_ID],
    });
    if (keys.length > 0) attributes[names.MESSAGE_KEYS] = keys;
    return attributes;
  };
}

/** A negative zero is a value. */
function isAbsent(value: Stored): boolean {
  return value === "" || Object.is(value, 0);
}

/** Of what is not absent: a boolean has 1 false, 2 true. */
function promotedValue({ type }: PromotedColumn, value: Stored): AttributeValue {
  if (type === "bool") return value === 2;
  return type === "float64" ? toDouble(value as number) : value;
}

/** JSON has no NaN and no infinities: they become the texts of OTLP/JSON. */
function toDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function addMap(attributes: Attributes, { ends, keys, items, toValue }: TypedMap, row: number): void {
  const values = (items as FlatColumn).values;
  const end = ends[row] as number;
  for (let at = startOf(ends, row); at < end; at += 1) {
    attributes[keys.values[at] as string] ??= toValue(values[at] as Stored);
  }
}

function startOf(ends: Uint32Array, row: number): number {
  return row === 0 ? 0 : (ends[row - 1] as number);
}

/** Makes an item of each of a row's, by its place among those of all rows. */
function itemReader<Item>({ ends, isBlank }: ListColumn, itemAt: (at: number) => Item): (row: number) => Item[] {
  return (row) => {
    const items: Item[] = [];
    if (isBlank) return items;
    const end = ends[row] as number;
    for (let at = startOf(ends, row); at < end; at += 1) items.push(itemAt(at));
    return items;
  };
}

/** The items of a column of lists. */
function itemsIn<Value extends Stored>(block: NativeBlock, name: string): ArrayLike<Value> {
  return (block.list(name).items as FlatColumn<Value>).values;
}

function eventReader(block: NativeBlock): (row: number) => SpanEvent[] {
  if (!block.has("event_names")) return () => [];
  const times = itemsIn(block, "event_times");
  const eventNames = itemsIn<string>(block, "event_names");
  const attributes = itemsIn<string>(block, "event_attributes");
  return itemReader(block.list("event_names"), (at) => ({
    time: nanosToInstant(times[at] as Stored),
    name: eventNames[at] as string,
    attributes: fromKeyValuesJson(attributes[at] as string),
  }));
}

/** Year 9999 is as far as an instant goes; what a wild clock sent beyond it is shown as that. */
const LAST_SECOND = 253_402_300_799n;

function nanosToInstant(nanos: Stored): string {
  const value = BigInt(nanos);
  const seconds = value / 1_000_000_000n;
  const shown = seconds > LAST_SECOND ? LAST_SECOND : seconds;
  const fraction = String(value % 1_000_000_000n).padStart(9, "0");
  return `${new Date(Number(shown) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

function linkReader(block: NativeBlock): (row: number) => SpanLink[] {
  if (!block.has("link_trace_ids")) return () => [];
  const traceIds = itemsIn<string>(block, "link_trace_ids");
  const spanIds = itemsIn<string>(block, "link_span_ids");
  const traceStates = itemsIn<string>(block, "link_trace_states");
  const attributes = itemsIn<string>(block, "link_attributes");
  return itemReader(block.list("link_trace_ids"), (at) => ({
    traceId: traceIds[at] as string,
    spanId: spanIds[at] as string,
    traceState: traceStates[at] as string,
    attributes: fromKeyValuesJson(attributes[at] as string),
  }));
}
