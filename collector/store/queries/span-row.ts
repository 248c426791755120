/** Rows of `spans` back into spans: promoted columns and typed maps become attributes again. */
import * as names from "../../../schema/attributes.ts";
import type { Attributes, Span, SpanEvent, SpanLink, Status } from "../../../schema/flow.ts";
import { PROMOTED_SPAN_COLUMNS, type PromotedColumn } from "../span-columns.ts";
import { OWN_MESSAGE_KEYS_SQL, ownMessageKeys } from "./own-message-keys.ts";
import { emptyAttributes, fromAnyValueJson, fromInt64, fromKeyValues, fromKeyValuesJson } from "./otlp-value.ts";

/** As the store gives it; ids are hex by the query, 64-bit integers are strings. */
export interface SpanRow {
  /** The promoted columns as they are stored, in the order of {@link STORED}. */
  readonly promoted: readonly (string | number)[];
  readonly trace_id: string;
  /** The span's id, then its parent's. */
  readonly ids: string;
  readonly start: string;
  readonly duration_ns: string;
  readonly name: string;
  readonly kind: number;
  readonly status_code: number;
  readonly status_message: string;
  readonly trace_state: string;
  readonly resource: string;
  readonly scope: string;
  readonly service_name: string;
  readonly own_message_keys: readonly string[];
  readonly message_keys_form: number;
  readonly attributes_string: Readonly<Record<string, string>>;
  readonly attributes_int: Readonly<Record<string, string>>;
  readonly attributes_double: Readonly<Record<string, number | string | null>>;
  readonly attributes_bool: Readonly<Record<string, number>>;
  readonly attributes_json: Readonly<Record<string, string>>;
  readonly event_times: readonly string[];
  readonly event_names: readonly string[];
  readonly event_attributes: readonly string[];
  readonly link_trace_ids: readonly string[];
  readonly link_span_ids: readonly string[];
  readonly link_trace_states: readonly string[];
  readonly link_attributes: readonly string[];
}

/** The promoted columns that are stored: an id that is most often a UUID has two, of which one is filled at most. */
const STORED: readonly PromotedColumn[] = PROMOTED_SPAN_COLUMNS.flatMap((promoted) => {
  if (!promoted.isUuid) return [promoted];
  return ["_uuid", "_text"].map((end) => ({ ...promoted, column: promoted.column.replace(/_id$/, end) }));
});

/**
 * What {@link spanReader} reads, as the list of a SELECT. Each expression costs about as much to plan as a column costs
 * to read, so there is none that a reader can do without (docs/decisions/0011-one-flow-in-few-reads.md).
 */
export const SPAN_COLUMNS = [
  "lower(hex(trace_id)) AS trace_id",
  "lower(hex(span_ids)) AS ids",
  "toString(start_time, 'UTC') AS start",
  "duration_ns, name, kind, status_code, status_message, trace_state, resource, scope, service_name",
  `${OWN_MESSAGE_KEYS_SQL} AS own_message_keys, message_keys_form`,
  `tuple(${STORED.map(({ column }) => column).join(", ")}) AS promoted`,
  "attributes_string, attributes_int, attributes_double, attributes_bool, attributes_json",
  "`events.time_unix_nano` AS event_times",
  "`events.name` AS event_names",
  "`events.attributes` AS event_attributes",
  "arrayMap(id -> lower(hex(id)), `links.trace_id`) AS link_trace_ids",
  "arrayMap(id -> lower(hex(id)), `links.span_id`) AS link_span_ids",
  "`links.trace_state` AS link_trace_states",
  "`links.attributes` AS link_attributes",
].join(",\n  ");

const NO_SPAN_ID = "0000000000000000";
const NO_UUID = "00000000-0000-0000-0000-000000000000";
const KINDS: readonly Span["kind"][] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: readonly Status[] = ["unset", "ok", "error"];

/** Turns rows into spans; what many rows share (resources, scopes) is parsed once. */
export function spanReader(): (row: SpanRow) => Span {
  const resources = new Map<string, Attributes>();
  const scopes = new Map<string, string>();
  return (row) => {
    const span: Span = {
      traceId: row.trace_id,
      spanId: row.ids.slice(0, NO_SPAN_ID.length),
      name: row.name,
      kind: KINDS[row.kind] ?? "unspecified",
      service: row.service_name,
      startTime: toInstant(row.start),
      durationMs: Number(row.duration_ns) / 1e6,
      status: STATUSES[row.status_code] ?? "unset",
      statusMessage: row.status_message,
      traceState: row.trace_state,
      attributes: toAttributes(row),
      resource: remembered(resources, row.resource, resourceAttributes),
      scope: remembered(scopes, row.scope, scopeName),
      events: toEvents(row),
      links: toLinks(row),
    };
    // Not spread into the literal: an object made in one step takes a tenth of the time.
    const parentSpanId = row.ids.slice(NO_SPAN_ID.length);
    if (parentSpanId !== NO_SPAN_ID) span.parentSpanId = parentSpanId;
    return span;
  };
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

function toAttributes(row: SpanRow): Attributes {
  const attributes = emptyAttributes();
  for (let at = 0; at < STORED.length; at += 1) {
    const value = row.promoted[at] ?? "";
    if (!isAbsent(value)) addPromoted(attributes, STORED[at] as PromotedColumn, value);
  }
  for (const [name, value] of Object.entries(row.attributes_string)) attributes[name] ??= value;
  for (const [name, value] of Object.entries(row.attributes_int)) attributes[name] ??= fromInt64(value);
  for (const [name, value] of Object.entries(row.attributes_double)) attributes[name] ??= toDouble(value);
  for (const [name, value] of Object.entries(row.attributes_bool)) attributes[name] ??= value !== 0;
  for (const [name, json] of Object.entries(row.attributes_json)) attributes[name] ??= fromAnyValueJson(json);
  const keys = ownMessageKeys({
    keys: row.own_message_keys,
    form: row.message_keys_form,
    system: attributes[names.MESSAGING_SYSTEM],
    messageId: attributes[names.MESSAGING_MESSAGE_ID],
  });
  if (keys.length > 0) attributes[names.MESSAGE_KEYS] = keys;
  return attributes;
}

/** JSON has no NaN and no infinities: ClickHouse's texts for them become those of OTLP/JSON. */
function toDouble(value: number | string | null): number | string | null {
  if (typeof value !== "string") return value;
  return { nan: "NaN", "-nan": "NaN", inf: "Infinity", "-inf": "-Infinity" }[value] ?? value;
}

/** A negative zero is a value. */
function isAbsent(value: string | number): boolean {
  return value === "" || Object.is(value, 0) || value === NO_UUID;
}

/** The value is not absent; but of a 64-bit integer, which comes as text, 0 is. A boolean has 1 false, 2 true. */
function addPromoted(attributes: Attributes, { attribute, type }: PromotedColumn, value: string | number): void {
  if (type === "string" || type === "lowCardinality") attributes[attribute] = value;
  else if (value === "0") return;
  else if (type === "bool") attributes[attribute] = value === 2;
  else attributes[attribute] = type === "float64" ? toDouble(value) : fromInt64(value);
}

function toEvents(row: SpanRow): SpanEvent[] {
  return row.event_names.map((name, at) => ({
    time: nanosToInstant(row.event_times[at] ?? "0"),
    name,
    attributes: fromKeyValuesJson(row.event_attributes[at] ?? ""),
  }));
}

/** Year 9999 is as far as an instant goes; what a wild clock sent beyond it is shown as that. */
const LAST_SECOND = 253_402_300_799n;

function nanosToInstant(nanos: string): string {
  const value = BigInt(nanos);
  const seconds = value / 1_000_000_000n;
  const shown = seconds > LAST_SECOND ? LAST_SECOND : seconds;
  const fraction = String(value % 1_000_000_000n).padStart(9, "0");
  return `${new Date(Number(shown) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

function toLinks(row: SpanRow): SpanLink[] {
  return row.link_trace_ids.map((traceId, at) => ({
    traceId,
    spanId: row.link_span_ids[at] ?? "",
    traceState: row.link_trace_states[at] ?? "",
    attributes: fromKeyValuesJson(row.link_attributes[at] ?? ""),
  }));
}
