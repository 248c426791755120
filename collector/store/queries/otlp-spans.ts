/**
 * Spans as the OTLP/JSON that they were: every member and type that was sent, for export.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import { MESSAGE_KEYS, MESSAGING_MESSAGE_ID, MESSAGING_SYSTEM } from "../../../schema/attributes.ts";
import { PROMOTED_SPAN_COLUMNS, type PromotedColumn } from "../span-columns.ts";
import type { Store } from "../store.ts";
import { OWN_MESSAGE_KEYS_SQL, ownMessageKeys } from "./own-message-keys.ts";
import { rowsOfTraces, type SpansOfTraces } from "./spans-of-traces.ts";

/** An OTLP/JSON message. */
export type OtlpJson = Record<string, unknown>;

/** A span beside its resource and scope, to be put under them again. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** `Resource` with `schemaUrl` beside its members, as JSON text; '' for none. */
  readonly resource: string;
  /** `InstrumentationScope`, in the same way. */
  readonly scope: string;
  readonly span: OtlpJson;
}

type Texts = Readonly<Record<string, string>>;

interface Row {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startNs: string;
  readonly duration_ns: string;
  readonly name: string;
  readonly kind: number;
  readonly status_code: number;
  readonly status_message: string;
  readonly trace_state: string;
  readonly flags: number;
  readonly rest: string;
  readonly resource: string;
  readonly scope: string;
  readonly ownKeys: readonly string[];
  readonly message_keys_form: number;
  readonly promoted: readonly string[];
  readonly attributes_string: Texts;
  readonly attributes_int: Texts;
  readonly attributes_double: Readonly<Record<string, number | string>>;
  readonly attributes_bool: Readonly<Record<string, number>>;
  readonly attributes_json: Texts;
  /** Time, name, attributes as JSON, dropped attributes. */
  readonly events: readonly (readonly [string, string, string, number])[];
  /** Trace id, span id, trace state, attributes as JSON, dropped attributes, flags. */
  readonly links: readonly (readonly [string, string, string, string, number, number])[];
}

const COLUMNS = [
  'lower(hex(spans.trace_id)) AS "traceId"',
  'lower(hex(spans.span_id)) AS "spanId"',
  'lower(hex(spans.parent_span_id)) AS "parentSpanId"',
  'toString(toUnixTimestamp64Nano(start_time)) AS "startNs"',
  "duration_ns, name, kind, status_code, status_message, trace_state, flags, rest, resource, scope",
  `${OWN_MESSAGE_KEYS_SQL} AS "ownKeys", message_keys_form`,
  `[${PROMOTED_SPAN_COLUMNS.map(({ column }) => `toString(${column})`).join(", ")}] AS promoted`,
  "attributes_string, attributes_int, attributes_double, attributes_bool, attributes_json",
  "arrayZip(arrayMap(t -> toString(t), `events.time_unix_nano`), arrayMap(n -> toString(n), `events.name`)," +
    " `events.attributes`, `events.dropped_attributes_count`) AS events",
  "arrayZip(arrayMap(id -> lower(hex(id)), `links.trace_id`), arrayMap(id -> lower(hex(id)), `links.span_id`)," +
    " `links.trace_state`, `links.attributes`, `links.dropped_attributes_count`, `links.flags`) AS links",
].join(",\n  ");

const SYSTEM_AT = PROMOTED_SPAN_COLUMNS.findIndex(({ attribute }) => attribute === MESSAGING_SYSTEM);
const MESSAGE_ID_AT = PROMOTED_SPAN_COLUMNS.findIndex(({ attribute }) => attribute === MESSAGING_MESSAGE_ID);
const NO_SPAN_ID = "0000000000000000";

/** Spans of the traces, at most `limit` of them; one that was received twice is there twice. */
export async function otlpSpans(store: Store, asked: SpansOfTraces): Promise<OtlpSpan[]> {
  const spans: OtlpSpan[] = [];
  await rowsOfTraces<Row>(store, COLUMNS, asked, (row) => {
    const { traceId, spanId, resource, scope } = row;
    spans.push({ traceId, spanId, resource, scope, span: toSpan(row) });
  });
  return spans;
}

function toSpan(row: Row): OtlpJson {
  const { traceId, spanId, parentSpanId, startNs, name, kind, trace_state: traceState, flags } = row;
  const { status_code: code, status_message: message } = row;
  // What few spans say is kept in OTLP/JSON's own words: a time there is the one that was sent.
  const rest = row.rest === "" ? {} : (JSON.parse(row.rest) as { startTimeUnixNano?: string });
  const sentNs = BigInt(rest.startTimeUnixNano ?? startNs);
  return {
    traceId,
    spanId,
    ...(traceState !== "" && { traceState }),
    ...(parentSpanId !== NO_SPAN_ID && { parentSpanId }),
    name,
    kind,
    startTimeUnixNano: startNs,
    endTimeUnixNano: String(sentNs + BigInt(row.duration_ns)),
    attributes: attributesOf(row),
    events: row.events.map(([timeUnixNano, event, attributes, droppedAttributesCount]) => ({
      timeUnixNano,
      name: event,
      attributes: list(attributes),
      ...(droppedAttributesCount !== 0 && { droppedAttributesCount }),
    })),
    links: row.links.map(([linked, span, state, attributes, droppedAttributesCount, linkFlags]) => ({
      traceId: linked,
      spanId: span,
      ...(state !== "" && { traceState: state }),
      attributes: list(attributes),
      ...(droppedAttributesCount !== 0 && { droppedAttributesCount }),
      ...(linkFlags !== 0 && { flags: linkFlags }),
    })),
    status: { ...(code !== 0 && { code }), ...(message !== "" && { message }) },
    ...(flags !== 0 && { flags }),
    ...rest,
  };
}

/** The OTLP/JSON that a column holds, so that it can be written as JSON again without the loss of a sign. */
export function parseOtlp(json: string): unknown {
  return JSON.parse(json, (_key, value: unknown) => (Object.is(value, -0) ? "-0" : value));
}

function list(json: string): OtlpJson[] {
  return json === "" ? [] : (parseOtlp(json) as OtlpJson[]);
}

function attributesOf(row: Row): OtlpJson[] {
  const stored = {
    keys: row.ownKeys,
    form: row.message_keys_form,
    system: row.promoted[SYSTEM_AT] ?? "",
    messageId: row.promoted[MESSAGE_ID_AT] ?? "",
  };
  const keys = ownMessageKeys(stored).map((stringValue) => ({ stringValue }));
  const from = <Value>(map: Readonly<Record<string, Value>>, toValue: (value: Value) => OtlpJson) =>
    Object.entries(map).map(([key, value]) => ({ key, value: toValue(value) }));
  return [
    ...PROMOTED_SPAN_COLUMNS.flatMap((column, at) => promoted(column, row.promoted[at] ?? "")),
    ...(keys.length > 0 ? [{ key: MESSAGE_KEYS, value: { arrayValue: { values: keys } } }] : []),
    ...from(row.attributes_string, (stringValue) => ({ stringValue })),
    ...from(row.attributes_int, (intValue) => ({ intValue })),
    ...from(row.attributes_double, (value) => ({ doubleValue: double(value) })),
    ...from(row.attributes_bool, (value) => ({ boolValue: value !== 0 })),
    ...from(row.attributes_json, (json) => parseOtlp(json) as OtlpJson),
  ];
}

/** '' and 0 are absent; a boolean has 0 absent, 1 false, 2 true. */
function promoted({ attribute: key, type }: PromotedColumn, text: string): OtlpJson[] {
  if (text === "") return [];
  if (type === "string" || type === "lowCardinality") return [{ key, value: { stringValue: text } }];
  if (text === "0") return [];
  if (type === "bool") return [{ key, value: { boolValue: text === "2" } }];
  return [{ key, value: type === "float64" ? { doubleValue: double(text) } : { intValue: text } }];
}

/** JSON has no NaN, no infinities and, as it is written here, no negative zero: OTLP/JSON has texts for them. */
function double(value: number | string): number | string {
  const known = typeof value === "string" ? DOUBLE_TEXTS[value] : undefined;
  const parsed = Number(value);
  return known ?? (Object.is(parsed, -0) ? "-0" : parsed);
}

const DOUBLE_TEXTS: Readonly<Record<string, string>> = {
  nan: "NaN",
  "-nan": "NaN",
  inf: "Infinity",
  "-inf": "-Infinity",
};
