/** The specification's rows, and what a raw request must get. `docs/otlp-conformance.md` is made of this table. */
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { encodeOtlp, type OtlpJson } from "../support/otlp-proto.ts";

/** Collectors that the rows ask: one for everyone, one with tokens, one with a rate that is used up. */
export type Door = "open" | "tokens" | "rate";

/** What the collector with tokens lets in. */
export const ingestToken = "conformance-token-1";

export interface ConformanceCase {
  /** Which collector is asked; the open one where nothing is said. */
  readonly door?: Door;
  /** Section of https://opentelemetry.io/docs/specs/otlp/ (or RFC) that says so. */
  readonly section: string;
  /** What is promised, as a sentence. */
  readonly promise: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: () => Buffer;
  readonly status: number;
  /** Content type of the answer. */
  readonly type?: string;
  /** Members that the answer (a `Status`, or an `Export...ServiceResponse`) must have, as OTLP/JSON. */
  readonly answer?: OtlpJson;
  readonly responseHeaders?: Readonly<Record<string, string | RegExp>>;
  /** Spans that the store must have gained. */
  readonly spans?: number;
}

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";
const REQUEST = "ExportTraceServiceRequest";

let nextId = 1;
/** A valid span, with `changes`; ids are fresh. */
export function span(changes: OtlpJson = {}): OtlpJson {
  const now = BigInt(Date.now()) * 1_000_000n;
  const id = (nextId++).toString(16);
  return {
    traceId: id.padStart(32, "a"),
    spanId: id.padStart(16, "b"),
    name: "work",
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1_000_000n),
    ...changes,
  };
}

export function request(...spans: OtlpJson[]): OtlpJson {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "test" }, spans }] }] };
}

const protobuf = (json: OtlpJson) => encodeOtlp(REQUEST, json);
const json = (message: unknown) => Buffer.from(JSON.stringify(message));
const good = () => protobuf(request(span()));
const nested = (depth: number): OtlpJson =>
  depth === 0 ? { stringValue: "end" } : { arrayValue: { values: [nested(depth - 1)] } };
/** The same in protobuf, which encoders refuse to write; then a request round it, with a good span on each side. */
function deepRequest(depth: number): Buffer {
  let value = field(1, Buffer.from("end"));
  for (let level = 0; level < depth; level += 1) value = field(5, field(1, value));
  const attribute = field(9, Buffer.concat([field(1, Buffer.from("deep")), field(2, value)]));
  const deep = Buffer.concat([encodeOtlp("Span", span()), attribute]);
  const spans = [encodeOtlp("Span", span()), deep, encodeOtlp("Span", span())].map((one) => field(2, one));
  return field(1, field(2, Buffer.concat(spans)));
}

/** A field that holds bytes: tag, length, bytes. */
function field(number: number, bytes: Buffer): Buffer {
  const head: number[] = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), bytes]);
}

const foreignMetrics: OtlpJson = {
  scopeMetrics: [{ scope: { name: "host" }, metrics: [{ name: "cpu", gauge: { dataPoints: [{}, {}] } }] }],
};

/** One invocation whose trace was not sampled. */
function ourCounts(): OtlpJson {
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n + BigInt(nextId++));
  const attributes = [{ key: "hopscope.sampled", value: { boolValue: false } }];
  const sum = { dataPoints: [{ timeUnixNano, asInt: "1", attributes }], aggregationTemporality: 1, isMonotonic: true };
  return { scopeMetrics: [{ scope: { name: "hopscope" }, metrics: [{ name: "faas.invocations", sum }] }] };
}

const metricsProtobuf = (...resourceMetrics: OtlpJson[]) =>
  encodeOtlp("ExportMetricsServiceRequest", { resourceMetrics });

/** A field 100 of every wire type, as a later version may add. */
const unknownFields = Buffer.from("a00601" + "a1060102030405060708" + "a2060100" + "a50601020304", "hex");
const status = (code: number, message: RegExp): OtlpJson => ({ code, message });

export const conformanceCases: readonly ConformanceCase[] = [
  { section: "OTLP/HTTP request", promise: "protobuf is taken as application/x-protobuf", headers: { "content-type": PROTOBUF }, body: good, status: 200, type: PROTOBUF, answer: {}, spans: 1 },
  { section: "JSON Protobuf Encoding", promise: "JSON is taken as application/json", headers: { "content-type": JSON_TYPE }, body: () => json(request(span())), status: 200, type: JSON_TYPE, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.3", promise: "parameters and case of the content type do not matter", headers: { "content-type": "Application/JSON; charset=utf-8" }, body: () => json(request(span())), status: 200, type: JSON_TYPE, answer: {}, spans: 1 },
  { section: "OTLP/HTTP request", promise: "gzip is taken", headers: { "content-type": PROTOBUF, "content-encoding": "gzip" }, body: () => gzipSync(good()), status: 200, type: PROTOBUF, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4.1", promise: "deflate is taken in zlib's form", headers: { "content-type": PROTOBUF, "content-encoding": "deflate" }, body: () => deflateSync(good()), status: 200, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4.1", promise: "deflate is taken in its bare form", headers: { "content-type": PROTOBUF, "content-encoding": "deflate" }, body: () => deflateRawSync(good()), status: 200, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4.1", promise: "zstd is taken where Node has it (from 22.15 on)", headers: { "content-type": PROTOBUF, "content-encoding": "zstd" }, body: () => zstdCompressSync(good()), status: 200, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4", promise: "an unknown content encoding gets 415", headers: { "content-type": PROTOBUF, "content-encoding": "snappy" }, body: good, status: 415, type: PROTOBUF, answer: status(12, /snappy/), spans: 0 },
  { section: "Full success", promise: "an empty protobuf request is a success of zero bytes", headers: { "content-type": PROTOBUF }, body: () => Buffer.alloc(0), status: 200, type: PROTOBUF, answer: {}, spans: 0 },
  { section: "Full success", promise: "an empty JSON request is a success", headers: { "content-type": JSON_TYPE }, body: () => json({}), status: 200, type: JSON_TYPE, answer: {}, spans: 0 },
  { section: "Partial success", promise: "bad spans are counted with the reason, good ones kept (protobuf)", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span(), span({ traceId: "0".repeat(32) }), span({ spanId: "abcd" }))), status: 200, type: PROTOBUF, answer: { partialSuccess: { rejectedSpans: "2", errorMessage: /trace_id is all zero; span_id has 2 bytes/ } }, spans: 1 },
  { section: "Partial success", promise: "bad spans are counted with the reason, good ones kept (JSON)", headers: { "content-type": JSON_TYPE }, body: () => json(request(span(), span({ traceId: "ab" }))), status: 200, type: JSON_TYPE, answer: { partialSuccess: { rejectedSpans: "1", errorMessage: /trace_id has 1 bytes/ } }, spans: 1 },
  { section: "Bad Data", promise: "malformed protobuf gets 400 and a Status in protobuf", headers: { "content-type": PROTOBUF }, body: () => good().subarray(0, -5), status: 400, type: PROTOBUF, answer: status(3, /says \d+ bytes/), spans: 0 },
  { section: "Bad Data", promise: "malformed JSON gets 400 and a Status in JSON", headers: { "content-type": JSON_TYPE }, body: () => Buffer.from('{"resourceSpans":['), status: 400, type: JSON_TYPE, answer: status(3, /not JSON/), spans: 0 },
  { section: "Bad Data", promise: "a JSON member of a wrong type gets 400 naming it", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ name: 7 }))), status: 400, type: JSON_TYPE, answer: status(3, /scopeSpans\[0\]\.spans\[0\]\.name must be a string/), spans: 0 },
  { section: "Bad Data", promise: "damaged gzip gets 400", headers: { "content-type": PROTOBUF, "content-encoding": "gzip" }, body: () => gzipSync(good()).subarray(0, -9), status: 400, type: PROTOBUF, answer: status(3, /gzip/), spans: 0 },
  { section: "OTLP/HTTP request", promise: "another content type gets 415", headers: { "content-type": "text/plain" }, body: good, status: 415, type: JSON_TYPE, answer: status(3, /text\/plain/), spans: 0 },
  { section: "OTLP/HTTP request", promise: "no content type gets 415", headers: {}, body: good, status: 415, type: JSON_TYPE, answer: status(3, /none/), spans: 0 },
  { door: "tokens", section: "Authentication", promise: "where tokens are set, no token gets 401 (protobuf)", headers: { "content-type": PROTOBUF }, body: good, status: 401, type: PROTOBUF, answer: status(16, /Authorization: Bearer/), responseHeaders: { "www-authenticate": "Bearer" }, spans: 0 },
  { door: "tokens", section: "Authentication", promise: "where tokens are set, a wrong token gets 401 (JSON)", headers: { "content-type": JSON_TYPE, authorization: `Bearer ${ingestToken}0` }, body: () => json(request(span())), status: 401, type: JSON_TYPE, answer: status(16, /HOPSCOPE_INGEST_TOKENS/), responseHeaders: { "www-authenticate": "Bearer" }, spans: 0 },
  { door: "tokens", section: "Authentication", promise: "one of the tokens as `Authorization: Bearer` is let in", headers: { "content-type": PROTOBUF, authorization: `Bearer ${ingestToken}` }, body: good, status: 200, type: PROTOBUF, answer: {}, spans: 1 },
  { door: "rate", section: "OTLP/HTTP throttling", promise: "a sender past its rate gets 429 with Retry-After (protobuf)", headers: { "content-type": PROTOBUF }, body: good, status: 429, type: PROTOBUF, answer: status(8, /spans a second/), responseHeaders: { "retry-after": /^\d+$/ }, spans: 0 },
  { door: "rate", section: "OTLP/HTTP throttling", promise: "a sender past its rate gets 429 with Retry-After (JSON)", headers: { "content-type": JSON_TYPE }, body: () => json(request(span())), status: 429, type: JSON_TYPE, answer: { ...status(8, /spans a second/), details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: /^\d+s$/ }] }, responseHeaders: { "retry-after": /^\d+$/ }, spans: 0 },
  { section: "OTLP/HTTP request", promise: "a GET gets 405, with Allow", method: "GET", headers: { accept: "*/*" }, status: 405, type: JSON_TYPE, answer: status(12, /GET/), responseHeaders: { allow: "POST" }, spans: 0 },
  { section: "OTLP/HTTP request", promise: "logs get 404 with a Status that says so", path: "/v1/logs", headers: { "content-type": PROTOBUF }, body: () => Buffer.alloc(0), status: 404, type: PROTOBUF, answer: status(12, /\/v1\/logs is not taken/), spans: 0 },
  { section: "OTLP/HTTP request", promise: "metrics get 404 with a Status that says so", path: "/v1/metrics", headers: { "content-type": JSON_TYPE }, body: () => json({}), status: 404, type: JSON_TYPE, answer: status(12, /\/v1\/metrics is not taken/), spans: 0 },
  { section: "OTLP/HTTP request", promise: "metrics of scopes other than `hopscope` get 404, too", path: "/v1/metrics", headers: { "content-type": PROTOBUF }, body: () => metricsProtobuf(foreignMetrics), status: 404, type: PROTOBUF, answer: status(12, /of metrics the counts of the package hopscope alone/), spans: 0 },
  { section: "OTLP/HTTP request", promise: "what `hopscope` counts of unsampled invocations is taken", path: "/v1/metrics", headers: { "content-type": PROTOBUF, "content-encoding": "gzip" }, body: () => gzipSync(metricsProtobuf(ourCounts())), status: 200, type: PROTOBUF, answer: {}, spans: 0 },
  { section: "OTLP/HTTP request", promise: "the same as JSON", path: "/v1/metrics", headers: { "content-type": JSON_TYPE }, body: () => json({ resourceMetrics: [ourCounts()] }), status: 200, type: JSON_TYPE, answer: {}, spans: 0 },
  { section: "Partial Success", promise: "other metrics beside it are counted as rejected", path: "/v1/metrics", headers: { "content-type": PROTOBUF }, body: () => metricsProtobuf(foreignMetrics, ourCounts()), status: 200, type: PROTOBUF, answer: { partialSuccess: { rejectedDataPoints: "2", errorMessage: /scope hopscope/ } }, spans: 0 },
  { section: "Partial Success", promise: "the same as JSON", path: "/v1/metrics", headers: { "content-type": JSON_TYPE }, body: () => json({ resourceMetrics: [foreignMetrics, ourCounts()] }), status: 200, type: JSON_TYPE, answer: { partialSuccess: { rejectedDataPoints: "2", errorMessage: /scope hopscope/ } }, spans: 0 },
  { section: "Bad Data", promise: "truncated metrics get 400", path: "/v1/metrics", headers: { "content-type": PROTOBUF }, body: () => metricsProtobuf(ourCounts()).subarray(0, -3), status: 400, type: PROTOBUF, answer: status(3, /byte/), spans: 0 },
  { section: "Request size limit", promise: "a body above 64 MiB gets 413", headers: { "content-type": PROTOBUF }, body: () => Buffer.alloc(64 * 1024 * 1024 + 1), status: 413, type: PROTOBUF, answer: status(8, /larger than 67108864 bytes/), spans: 0 },
  { section: "Request size limit", promise: "a body above 64 MiB once decompressed gets 413", headers: { "content-type": PROTOBUF, "content-encoding": "gzip" }, body: () => gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1)), status: 413, type: PROTOBUF, answer: status(8, /decompressed body is larger/), spans: 0 },
  { section: "JSON Protobuf Encoding", promise: "ids are hex in either case", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ traceId: "5B8EFFF798038103D269B633813FC60C", spanId: "EEE19B7EC3C1B174" }))), status: 200, answer: {}, spans: 1 },
  { section: "JSON Protobuf Encoding", promise: "ids in base64 get 400", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ traceId: "W47/95gDgQPSabYzgT/GDA==" }))), status: 400, answer: status(3, /traceId must be hex digits/), spans: 0 },
  { section: "JSON Protobuf Encoding", promise: "64-bit integers are strings or numbers", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ startTimeUnixNano: Date.now() * 1e6, attributes: [{ key: "n", value: { intValue: 7 } }, { key: "s", value: { intValue: "-9223372036854775808" } }] }))), status: 200, answer: {}, spans: 1 },
  { section: "JSON Protobuf Encoding", promise: "enums by name are not taken", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ kind: "SPAN_KIND_SERVER" }))), status: 400, answer: status(3, /kind must be an integer/), spans: 0 },
  { section: "JSON Protobuf Encoding", promise: "unknown members are ignored, snake_case ones too", headers: { "content-type": JSON_TYPE }, body: () => json({ ...request(span({ trace_state: "x=1", later: { a: [1] } })), new: 1 }), status: 200, answer: {}, spans: 1 },
  { section: "JSON Protobuf Encoding", promise: "null is absent", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ parentSpanId: null, attributes: null, status: null }))), status: 200, answer: {}, spans: 1 },
  { section: "Protobuf", promise: "unknown fields are ignored", headers: { "content-type": PROTOBUF }, body: () => Buffer.concat([good(), unknownFields]), status: 200, answer: {}, spans: 1 },
  { section: "Protobuf", promise: "unknown enum values are kept", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span({ kind: 99 }))), status: 200, answer: {}, spans: 1 },
  { section: "trace.proto, Span", promise: "an end before the start is kept", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span({ endTimeUnixNano: "1" }))), status: 200, answer: {}, spans: 1 },
  { section: "trace.proto, Span", promise: "timestamps at the edges of 64 bits reject no neighbour", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span({ startTimeUnixNano: "0", endTimeUnixNano: "18446744073709551615" }), span({ startTimeUnixNano: "18446744073709551615" }), span())), status: 200, answer: {}, spans: 3 },
  { section: "common.proto, AnyValue", promise: "a value nested too deep takes its span along and no other", headers: { "content-type": PROTOBUF }, body: () => deepRequest(1_000), status: 200, answer: { partialSuccess: { rejectedSpans: "1", errorMessage: /deeper than 50 levels/ } }, spans: 2 },
  { section: "common.proto, AnyValue", promise: "a value nested too deep takes its span along and no other (JSON)", headers: { "content-type": JSON_TYPE }, body: () => json(request(span(), span({ attributes: [{ key: "deep", value: nested(1_000) }] }), span())), status: 200, answer: { partialSuccess: { rejectedSpans: "1", errorMessage: /deeper than 50 levels/ } }, spans: 2 },
  { section: "common.proto, KeyValue", promise: "10,000 attributes, doubled keys and odd keys are kept", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span({ attributes: [...Array.from({ length: 10_000 }, (_, index) => ({ key: `key.${String(index)}`, value: { intValue: String(index) } })), { key: "key.1", value: { stringValue: "again" } }, { key: "__proto__", value: { stringValue: "x" } }, { key: "", value: {} }] }))), status: 200, answer: {}, spans: 1 },
];
