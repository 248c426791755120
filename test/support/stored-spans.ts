/** Reads spans back out of the store as OTLP/JSON, with nothing but the documented meaning of the columns. */
import { parseOtlp } from "../../collector/store/queries/otlp-spans.ts";
import { PROMOTED_SPAN_COLUMNS, type PromotedColumn } from "../../collector/store/span-columns.ts";
import { canonicalSystem } from "../../schema/message-systems.ts";
import type { Store } from "../../collector/store/store.ts";
import { flatten } from "./arbitrary-spans.ts";
import type { OtlpJson } from "./otlp-proto.ts";

type Row = Record<string, unknown>;

/** One span with what stood above it in its request. */
export interface StoredSpan {
  /** OTLP/JSON `Resource` with `schemaUrl`. */
  readonly resource: OtlpJson;
  readonly scope: OtlpJson;
  readonly span: OtlpJson;
}

const COLUMNS =
  "* EXCEPT (trace_id, span_ids, span_id, parent_span_id, `links.trace_id`, `links.span_id`), lower(hex(trace_id)) AS trace_id_hex, " +
  "lower(hex(span_id)) AS span_id_hex, lower(hex(parent_span_id)) AS parent_span_id_hex, " +
  "toUnixTimestamp64Nano(start_time) AS start_nano, " +
  "arrayMap(id -> lower(hex(id)), `links.trace_id`) AS link_trace_ids, " +
  "arrayMap(id -> lower(hex(id)), `links.span_id`) AS link_span_ids";

/** Every span, or those of one trace, in order of span id; attributes are sorted by key. */
export async function storedSpans(store: Store, traceId?: string): Promise<StoredSpan[]> {
  const rows = await store.query<Row>(
    `SELECT ${COLUMNS} FROM spans ${traceId === undefined ? "" : "WHERE trace_id = unhex({traceId:String})"} ORDER BY span_id`,
    { traceId },
  );
  return rows.map((row) => ({
    resource: parsed(row["resource"]),
    scope: parsed(row["scope"]),
    span: spanOf(row),
  }));
}

/** What {@link storedSpans} must give for a request in the shape of OTLP/JSON. */
export function asStored(request: OtlpJson): StoredSpan[] {
  return flatten(request)
    .map(({ resource, scope, span }) => ({
      resource: withoutDefaults(sorted(resource)) as OtlpJson,
      scope: withoutDefaults(sorted(scope)) as OtlpJson,
      span: withoutDefaults(sorted(span)) as OtlpJson,
    }))
    .sort((a, b) => (String(a.span["spanId"]) < String(b.span["spanId"]) ? -1 : 1));
}

/** Protobuf does not tell absent from default: such members are left out, but not inside a value's oneof. */
function withoutDefaults(message: unknown): unknown {
  if (Array.isArray(message)) return message.map((item) => (isKeyValue(item) ? item : withoutDefaults(item)));
  if (typeof message !== "object" || message === null) return message;
  return present(Object.fromEntries(Object.entries(message).map(([name, value]) => [name, withoutDefaults(value)])));
}

/** A copy with every list of attributes sorted by key, however deep, and without empty lists. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    return items.every(isKeyValue) ? items.sort((a, b) => (a.key < b.key ? -1 : 1)) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !(Array.isArray(member) && member.length === 0))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

function isKeyValue(item: unknown): item is { key: string } {
  return typeof item === "object" && item !== null && "key" in item;
}

function spanOf(row: Row): OtlpJson {
  const parent = String(row["parent_span_id_hex"]);
  const rest = row["rest"] === "" ? {} : (JSON.parse(String(row["rest"])) as OtlpJson);
  const start = rest["startTimeUnixNano"] ?? row["start_nano"];
  const end = BigInt(String(start)) + BigInt(String(row["duration_ns"]));
  const status = present({ message: row["status_message"], code: row["status_code"] });
  return sorted(
    present({
      traceId: row["trace_id_hex"],
      spanId: row["span_id_hex"],
      traceState: row["trace_state"],
      parentSpanId: /^0*$/.test(parent) ? "" : parent,
      name: row["name"],
      kind: row["kind"],
      startTimeUnixNano: start,
      endTimeUnixNano: rest["endTimeUnixNano"] ?? String(end),
      attributes: attributesOf(row),
      droppedAttributesCount: rest["droppedAttributesCount"],
      events: eventsOf(row),
      droppedEventsCount: rest["droppedEventsCount"],
      links: linksOf(row),
      droppedLinksCount: rest["droppedLinksCount"],
      ...(Object.keys(status).length > 0 && { status }),
      flags: row["flags"],
    }),
  ) as OtlpJson;
}

function attributesOf(row: Row): OtlpJson[] {
  const fromMap = (column: string, value: (text: unknown) => unknown) =>
    Object.entries(row[column] as Row).map(([key, text]) => ({ key, value: value(text) }));
  const form = Number(row["message_keys_form"]);
  const own = `${canonicalSystem(String(row["messaging_system"]))}:${String(row["messaging_message_id"])}`;
  const keys = (form & 1) === 1 ? [] : [...(form === 2 ? [own] : []), ...(row["message_keys"] as string[])];
  return [
    ...PROMOTED_SPAN_COLUMNS.flatMap((promoted) => promotedAttribute(promoted, row[promoted.column])),
    ...(keys.length > 0
      ? [
          {
            key: "hopscope.message.keys",
            value: { arrayValue: { values: keys.map((stringValue) => ({ stringValue })) } },
          },
        ]
      : []),
    ...fromMap("attributes_string", (stringValue) => ({ stringValue })),
    ...fromMap("attributes_int", (intValue) => ({ intValue: String(intValue) })),
    ...fromMap("attributes_double", (doubleValue) => ({ doubleValue: denormal(doubleValue) })),
    ...fromMap("attributes_bool", (flag) => ({ boolValue: flag === 1 })),
    ...fromMap("attributes_json", (text) => parsed(text)),
  ];
}

function promotedAttribute({ attribute: key, type }: PromotedColumn, value: unknown): OtlpJson[] {
  if (value === "" || value === 0 || value === "0") return [];
  if (type === "lowCardinality" || type === "string") return [{ key, value: { stringValue: value } }];
  if (type === "bool") return [{ key, value: { boolValue: value === 2 } }];
  if (type === "float64") return [{ key, value: { doubleValue: denormal(value) } }];
  return [{ key, value: { intValue: String(value) } }];
}

function eventsOf(row: Row): OtlpJson[] {
  return items(row, "events.name").map((name, index) =>
    present({
      timeUnixNano: items(row, "events.time_unix_nano")[index],
      name,
      attributes: parsed(items(row, "events.attributes")[index]),
      droppedAttributesCount: items(row, "events.dropped_attributes_count")[index],
    }),
  );
}

function linksOf(row: Row): OtlpJson[] {
  return items(row, "link_trace_ids").map((traceId, index) =>
    present({
      traceId,
      spanId: items(row, "link_span_ids")[index],
      traceState: items(row, "links.trace_state")[index],
      attributes: parsed(items(row, "links.attributes")[index]),
      droppedAttributesCount: items(row, "links.dropped_attributes_count")[index],
      flags: items(row, "links.flags")[index],
    }),
  );
}

function items(row: Row, column: string): unknown[] {
  return row[column] as unknown[];
}

/** Without protobuf's absent values. */
function present(message: OtlpJson): OtlpJson {
  return Object.fromEntries(
    Object.entries(message).filter(
      ([name, value]) => value !== "" && value !== 0 && !(value === "0" && /UnixNano$/.test(name)) && !isEmpty(value),
    ),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function parsed(text: unknown): OtlpJson {
  return text === "" ? {} : (sorted(parseOtlp(String(text))) as OtlpJson);
}

function denormal(value: unknown): unknown {
  if (value === "nan" || value === "NaN") return "NaN";
  if (value === "inf") return "Infinity";
  if (value === "-inf") return "-Infinity";
  return value;
}
