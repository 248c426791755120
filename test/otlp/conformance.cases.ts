/** The specification's rows, and what a raw request must get. `docs/otlp-conformance.md` is made of this table. */
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { encodeOtlp, type OtlpJson } from "../support/otlp-proto.ts";
import { protobufField as field } from "../support/protobuf-field.ts";

/** Collectors that the rows ask: for everyone, with tokens, with a rate that is used up, with a disk that is full. */
export type Door = "open" | "tokens" | "rate" | "full";

/** What the collector with tokens lets in. */
export const ingestToken = "conformance-token-1";

/** Whose pages may send to all of them, from a browser. */
export const pageOrigin = "https://shop.example.com";

/** A span that the store must have, read back as OTLP/JSON. */
export interface StoredCase {
  readonly traceId: string;
  /** Members that it must have; of attributes, some of them. */
  readonly span: OtlpJson;
  readonly attributesCount?: number;
}

export interface ConformanceCase {
  /** Sent as a gRPC call; `path` is its method, `body` its frames, `status` its status. */
  readonly grpc?: true;
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
  /** Sends a part of the body alone, as of a client that is slow. */
  readonly isOpen?: true;
  /** Sends the body in pieces, without a Content-Length. */
  readonly isChunked?: true;
  /** Of HTTP, or of gRPC; a gRPC call that is refused as HTTP has `httpStatus`, too. */
  readonly status: number;
  readonly httpStatus?: number;
  /** Content type of the answer. */
  readonly type?: string;
  /** Members that the answer (a `Status`, or an `Export...ServiceResponse`) must have, as OTLP/JSON. */
  readonly answer?: OtlpJson;
  readonly responseHeaders?: Readonly<Record<string, string | RegExp>>;
  /** Spans that the store must have gained. */
  readonly spans?: number;
  /** What the store must have of them, compared with what was sent. */
  readonly stored?: readonly StoredCase[];
}

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";
const REQUEST = "ExportTraceServiceRequest";
/** What a browser asks before it sends; headers without which an answer is kept from the page. */
const PREFLIGHT = { "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type" };
const ALLOWED = { "access-control-allow-origin": pageOrigin, "access-control-allow-credentials": "true", vary: "Origin" };

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
/** The same in protobuf, which encoders refuse to write; in a request, before it a good span and after it others. */
function deepRequest(depth: number, after: readonly OtlpJson[]): Buffer {
  let value = field(1, Buffer.from("end"));
  for (let level = 0; level < depth; level += 1) value = field(5, field(1, value));
  const attribute = field(9, Buffer.concat([field(1, Buffer.from("deep")), field(2, value)]));
  const deep = Buffer.concat([encodeOtlp("Span", span()), attribute]);
  const neighbours = after.map((one) => encodeOtlp("Span", one));
  const spans = [encodeOtlp("Span", span()), deep, ...neighbours].map((one) => field(2, one));
  return field(1, field(2, Buffer.concat(spans)));
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

/** The method that takes traces. */
export const traceService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const logsService = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const metricsService = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const GRPC = { "content-type": "application/grpc", te: "trailers" };
/** A gRPC message: whether it is compressed, its length, its bytes. */
function framed(message: Buffer, isCompressed = false, sizeBytes = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(isCompressed ? 1 : 0);
  prefix.writeUInt32BE(sizeBytes, 1);
  return Buffer.concat([prefix, message]);
}
const goodCall = () => framed(good());
const retryInfoJson = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: /^\d+s$/ };
const retryInfo = { typeUrl: "type.googleapis.com/google.rpc.RetryInfo" };
const badRequest = { typeUrl: "type.googleapis.com/google.rpc.BadRequest" };

/** Trace ids of rows that look at what was stored, by a word of four hex digits. */
const traceOf = (word: string) => word.repeat(8);
const attribute = (key: string, value: OtlpJson) => ({ key, value });
/** A span of a row's body, and what the store must have of it. */
function keeps(word: string, changes: OtlpJson = {}, stored: OtlpJson = changes) {
  const traceId = traceOf(word);
  const spans: readonly StoredCase[] = [{ traceId, span: { name: "work", ...stored } }];
  return { made: () => [span({ traceId, ...changes })], stored: spans };
}
const least = attribute("s", { intValue: "-9223372036854775808" });
const integers = keeps(
  "1a01",
  { attributes: [attribute("n", { intValue: 7 }), least] },
  { attributes: [attribute("n", { intValue: "7" }), least] },
);
const lateMembers = keeps("1a02", { trace_state: "x=1", later: { a: [1] } }, { kind: 2 });
const nulls = keeps("1a03", { parentSpanId: null, attributes: null, status: null }, { kind: 2 });
const enums = keeps("1a04", { kind: 99, status: { code: 42, message: "new" } });
const endFirst = keeps("1a05", { endTimeUnixNano: "1" });
const [called, calledGzip, later] = [keeps("1a08"), keeps("1a09"), keeps("1a0a")];
const [partial, partialJson, partialCall] = [keeps("1a0b"), keeps("1a0c"), keeps("1a0d")];
const [neighbours, neighboursJson, neighboursUnread] = [keeps("1a0e"), keeps("1a0f"), keeps("1a1f")];
const edges = [
  { spanId: "e".repeat(16), startTimeUnixNano: "0", endTimeUnixNano: "18446744073709551615" },
  { spanId: "f".repeat(16), startTimeUnixNano: "18446744073709551615" },
];
const oddAttributes = [
  attribute("key.1", { stringValue: "again" }),
  attribute("__proto__", { stringValue: "x" }),
  attribute("", { boolValue: true }),
];
const manyAttributes = Array.from({ length: 10_000 }, (_, n) => attribute(`key.${String(n)}`, { intValue: String(n) }));

export const conformanceCases: readonly ConformanceCase[] = [
  { section: "OTLP/HTTP request", promise: "protobuf is taken as application/x-protobuf", headers: { "content-type": PROTOBUF }, body: good, status: 200, type: PROTOBUF, answer: {}, spans: 1 },
  { section: "JSON Protobuf Encoding", promise: "JSON is taken as application/json", headers: { "content-type": JSON_TYPE }, body: () => json(request(span())), status: 200, type: JSON_TYPE, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.3", promise: "parameters and case of the content type do not matter", headers: { "content-type": "Application/JSON; charset=utf-8" }, body: () => json(request(span())), status: 200, type: JSON_TYPE, answer: {}, spans: 1 },
  { section: "OTLP/HTTP request", promise: "gzip is taken", headers: { "content-type": PROTOBUF, "content-encoding": "gzip" }, body: () => gzipSync(good()), status: 200, type: PROTOBUF, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4.1", promise: "deflate is taken in zlib's form", headers: { "content-type": PROTOBUF, "content-encoding": "deflate" }, body: () => deflateSync(good()), status: 200, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4.1", promise: "deflate is taken in its bare form", headers: { "content-type": PROTOBUF, "content-encoding": "deflate" }, body: () => deflateRawSync(good()), status: 200, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4.1", promise: "zstd is taken where Node has it (from 22.15 on)", headers: { "content-type": PROTOBUF, "content-encoding": "zstd" }, body: () => zstdCompressSync(good()), status: 200, answer: {}, spans: 1 },
  { section: "RFC 9110, 8.4", promise: "an unknown content encoding gets 415", headers: { "content-type": PROTOBUF, "content-encoding": "snappy" }, body: good, status: 415, type: PROTOBUF, answer: status(12, /snappy/), responseHeaders: { "accept-encoding": /gzip, .*deflate/ }, spans: 0 },
  { section: "RFC 1952, 2.2", promise: "gzip of several members is read to its last", headers: { "content-type": PROTOBUF, "content-encoding": "gzip" }, body: () => Buffer.concat([gzipSync(good()), gzipSync(good())]), status: 200, type: PROTOBUF, answer: {}, spans: 2 },
  { section: "RFC 8878, 3", promise: "zstd of several frames is read to its last", headers: { "content-type": PROTOBUF, "content-encoding": "zstd" }, body: () => Buffer.concat([zstdCompressSync(good()), zstdCompressSync(good())]), status: 200, type: PROTOBUF, answer: {}, spans: 2 },
  { section: "RFC 9659, 3", promise: "zstd that looks back further than 8 MiB gets 400", headers: { "content-type": PROTOBUF, "content-encoding": "zstd" }, body: () => Buffer.from("28b52ffd0070010000", "hex"), status: 400, type: PROTOBUF, answer: status(3, /too much memory/), spans: 0 },
  { section: "Bad Data", promise: "bytes behind the end of what is compressed get 400", headers: { "content-type": PROTOBUF, "content-encoding": "deflate" }, body: () => Buffer.concat([deflateSync(good()), good()]), status: 400, type: PROTOBUF, answer: status(3, /bytes follow its end/), spans: 0 },
  { section: "RFC 9110, 8.4", promise: "one encoding upon another gets 415", headers: { "content-type": PROTOBUF, "content-encoding": "gzip, gzip" }, body: () => gzipSync(gzipSync(good())), status: 415, type: PROTOBUF, answer: status(12, /gzip, gzip/), spans: 0 },
  { section: "OTLP/HTTP request", promise: "a slash too many before or after the path does not matter", path: "//v1/traces/", headers: { "content-type": PROTOBUF }, body: good, status: 200, type: PROTOBUF, answer: {}, spans: 1 },
  { section: "RFC 9112, 7.1", promise: "a chunked body without a length is taken", headers: { "content-type": PROTOBUF }, isChunked: true, body: good, status: 200, type: PROTOBUF, answer: {}, spans: 1 },
  { section: "Request size limit", promise: "a chunked body above 64 MiB gets 413", headers: { "content-type": PROTOBUF }, isChunked: true, body: () => Buffer.alloc(64 * 1024 * 1024 + 1), status: 413, type: PROTOBUF, answer: status(8, /larger than 67108864 bytes/), spans: 0 },
  { section: "Full success", promise: "an empty protobuf request is a success of zero bytes", headers: { "content-type": PROTOBUF }, body: () => Buffer.alloc(0), status: 200, type: PROTOBUF, answer: {}, spans: 0 },
  { section: "Full success", promise: "an empty JSON request is a success", headers: { "content-type": JSON_TYPE }, body: () => json({}), status: 200, type: JSON_TYPE, answer: {}, spans: 0 },
  { section: "Partial success", promise: "bad spans are counted with the reason, good ones kept (protobuf)", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(...partial.made(), span({ traceId: "0".repeat(32) }), span({ spanId: "abcd" }))), status: 200, type: PROTOBUF, answer: { partialSuccess: { rejectedSpans: "2", errorMessage: /trace_id is all zero; span_id has 2 bytes/ } }, spans: 1, stored: partial.stored },
  { section: "Partial success", promise: "bad spans are counted with the reason, good ones kept (JSON)", headers: { "content-type": JSON_TYPE }, body: () => json(request(...partialJson.made(), span({ traceId: "ab" }))), status: 200, type: JSON_TYPE, answer: { partialSuccess: { rejectedSpans: "1", errorMessage: /trace_id has 1 bytes/ } }, spans: 1, stored: partialJson.stored },
  { section: "Bad Data", promise: "more than 10,000 spans that cannot be kept get 400, and the request with them (protobuf)", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span(), ...Array.from({ length: 10_001 }, () => ({})))), status: 400, type: PROTOBUF, answer: status(3, /more than 10000 spans cannot be kept; of one: trace_id is missing/), spans: 0 },
  { section: "Bad Data", promise: "the same as JSON", headers: { "content-type": JSON_TYPE }, body: () => json(request(span(), ...Array.from({ length: 10_001 }, () => ({})))), status: 400, type: JSON_TYPE, answer: status(3, /more than 10000 spans cannot be kept/), spans: 0 },
  { section: "Partial success", promise: "10,000 that cannot be kept are counted, and their neighbour is kept", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span(), ...Array.from({ length: 10_000 }, () => ({})))), status: 200, type: PROTOBUF, answer: { partialSuccess: { rejectedSpans: "10000", errorMessage: "trace_id is missing" } }, spans: 1 },
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
  { door: "full", section: "OTLP/HTTP throttling", promise: "while there is no room: 503 with Retry-After (protobuf)", headers: { "content-type": PROTOBUF }, body: good, status: 503, type: PROTOBUF, answer: { ...status(14, /disk is full/), details: [retryInfo] }, responseHeaders: { "retry-after": /^\d+$/ }, spans: 0 },
  { door: "full", section: "OTLP/HTTP throttling", promise: "while there is no room: 503 with Retry-After (JSON)", headers: { "content-type": JSON_TYPE }, body: () => json(request(span())), status: 503, type: JSON_TYPE, answer: { ...status(14, /disk is full/), details: [retryInfoJson] }, responseHeaders: { "retry-after": /^\d+$/ }, spans: 0 },
  { section: "Fetch, CORS protocol", promise: "a preflight for a page that may send says so", method: "OPTIONS", headers: { ...PREFLIGHT, origin: pageOrigin }, status: 204, responseHeaders: { ...ALLOWED, "access-control-allow-methods": "POST", "access-control-allow-headers": "authorization,content-type", "access-control-max-age": "7200" } },
  { door: "tokens", section: "Fetch, CORS protocol", promise: "a preflight needs no token, as browsers send none", method: "OPTIONS", headers: { ...PREFLIGHT, origin: pageOrigin }, status: 204, responseHeaders: ALLOWED },
  { section: "Fetch, CORS protocol", promise: "a preflight for any other page names no origin", method: "OPTIONS", headers: { ...PREFLIGHT, origin: "https://shop.example.com.evil.example" }, status: 204, responseHeaders: { vary: "Origin" } },
  { section: "Fetch, CORS protocol", promise: "what a page sends is taken, and its answer may be read by it", headers: { "content-type": JSON_TYPE, origin: pageOrigin }, body: () => json(request(span())), status: 200, spans: 1, responseHeaders: { ...ALLOWED, "access-control-expose-headers": "Retry-After" } },
  { door: "full", section: "Fetch, CORS protocol", promise: "so may a refusal, and when to come again", headers: { "content-type": JSON_TYPE, origin: pageOrigin }, body: () => json(request(span())), status: 503, spans: 0, responseHeaders: { ...ALLOWED, "access-control-expose-headers": "Retry-After", "retry-after": /^\d+$/ } },
  { section: "OTLP/HTTP request", promise: "an OPTIONS that is no preflight gets 405, with Allow", method: "OPTIONS", status: 405, spans: 0, responseHeaders: { allow: "POST" } },
  { section: "OTLP/HTTP request", promise: "a HEAD gets 405, with Allow and without a body", method: "HEAD", headers: {}, status: 405, type: JSON_TYPE, responseHeaders: { allow: "POST" }, spans: 0 },
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
  { section: "JSON Protobuf Encoding", promise: "ids are hex in either case", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ traceId: "5B8EFFF798038103D269B633813FC60C", spanId: "EEE19B7EC3C1B174" }))), status: 200, answer: {}, spans: 1, stored: [{ traceId: "5b8efff798038103d269b633813fc60c", span: { traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174" } }] },
  { section: "JSON Protobuf Encoding", promise: "ids in base64 get 400", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ traceId: "W47/95gDgQPSabYzgT/GDA==" }))), status: 400, answer: status(3, /traceId must be hex digits/), spans: 0 },
  { section: "JSON Protobuf Encoding", promise: "a span that cannot be read takes no other along", headers: { "content-type": JSON_TYPE }, body: () => json(request(span(), span({ traceId: "abc" }), span({ kind: "SPAN_KIND_SERVER" }), span({ attributes: [{ key: "a", value: { arrayValue: { values: [{ intValue: "x" }] } } }] }), span({ traceId: "00" }), ...neighboursUnread.made())), status: 200, answer: { partialSuccess: { rejectedSpans: "4", errorMessage: /spans\[1\]\.traceId must be hex digits.*spans\[2\]\.kind must be an integer.*values\[0\]\.intValue must be an integer.*trace_id has 1 bytes/ } }, spans: 2, stored: neighboursUnread.stored },
  { section: "JSON Protobuf Encoding", promise: "64-bit integers are strings or numbers", headers: { "content-type": JSON_TYPE }, body: () => json(request(...integers.made())), status: 200, answer: {}, spans: 1, stored: integers.stored },
  { section: "JSON Protobuf Encoding", promise: "enums by name are not taken", headers: { "content-type": JSON_TYPE }, body: () => json(request(span({ kind: "SPAN_KIND_SERVER" }))), status: 400, answer: status(3, /kind must be an integer/), spans: 0 },
  { section: "JSON Protobuf Encoding", promise: "unknown members are ignored, snake_case ones too", headers: { "content-type": JSON_TYPE }, body: () => json({ ...request(...lateMembers.made()), new: 1 }), status: 200, answer: {}, spans: 1, stored: lateMembers.stored },
  { section: "JSON Protobuf Encoding", promise: "null is absent", headers: { "content-type": JSON_TYPE }, body: () => json(request(...nulls.made())), status: 200, answer: {}, spans: 1, stored: nulls.stored },
  { section: "Protobuf", promise: "unknown fields are ignored", headers: { "content-type": PROTOBUF }, body: () => Buffer.concat([protobuf(request(...later.made())), unknownFields]), status: 200, answer: {}, spans: 1, stored: later.stored },
  { section: "Protobuf", promise: "unknown enum values are kept", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(...enums.made())), status: 200, answer: {}, spans: 1, stored: enums.stored },
  { section: "trace.proto, Span", promise: "an end before the start is kept", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(...endFirst.made())), status: 200, answer: {}, spans: 1, stored: endFirst.stored },
  { section: "trace.proto, Span", promise: "timestamps at the edges of 64 bits reject no neighbour", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(...edges.map((edge) => span({ traceId: traceOf("1a06"), ...edge })), span())), status: 200, answer: {}, spans: 3, stored: [{ traceId: traceOf("1a06"), span: { spanId: "e".repeat(16), endTimeUnixNano: "18446744073709551615" } }, { traceId: traceOf("1a06"), span: { spanId: "f".repeat(16), startTimeUnixNano: "18446744073709551615" } }] },
  { section: "common.proto, AnyValue", promise: "a value nested too deep takes its span along and no other", headers: { "content-type": PROTOBUF }, body: () => deepRequest(1_000, neighbours.made()), status: 200, answer: { partialSuccess: { rejectedSpans: "1", errorMessage: /deeper than 50 levels/ } }, spans: 2, stored: neighbours.stored },
  { section: "common.proto, AnyValue", promise: "a value nested too deep takes its span along and no other (JSON)", headers: { "content-type": JSON_TYPE }, body: () => json(request(span(), span({ attributes: [{ key: "deep", value: nested(1_000) }] }), ...neighboursJson.made())), status: 200, answer: { partialSuccess: { rejectedSpans: "1", errorMessage: /deeper than 50 levels/ } }, spans: 2, stored: neighboursJson.stored },
  { section: "common.proto, KeyValue", promise: "10,000 attributes, doubled keys and odd keys are kept", headers: { "content-type": PROTOBUF }, body: () => protobuf(request(span({ traceId: traceOf("1a07"), attributes: [...manyAttributes, ...oddAttributes] }))), status: 200, answer: {}, spans: 1, stored: [{ traceId: traceOf("1a07"), attributesCount: 10_003, span: { attributes: [manyAttributes[0], manyAttributes[1], manyAttributes[9_999], ...oddAttributes] } }] },
  { grpc: true, section: "OTLP/gRPC", promise: "a call is taken", headers: GRPC, body: () => framed(protobuf(request(...called.made()))), status: 0, answer: {}, spans: 1, stored: called.stored },
  { grpc: true, section: "OTLP/gRPC", promise: "`application/grpc+proto` is the same", headers: { ...GRPC, "content-type": "application/grpc+proto" }, body: goodCall, status: 0, answer: {}, spans: 1 },
  { grpc: true, section: "gRPC compression", promise: "gzip is taken", headers: { ...GRPC, "grpc-encoding": "gzip" }, body: () => framed(gzipSync(protobuf(request(...calledGzip.made()))), true), status: 0, answer: {}, spans: 1, stored: calledGzip.stored },
  { grpc: true, section: "gRPC compression", promise: "a plain message of a call that may compress is taken", headers: { ...GRPC, "grpc-encoding": "gzip" }, body: goodCall, status: 0, answer: {}, spans: 1 },
  { grpc: true, section: "gRPC compression", promise: "an unknown compression is refused, and named", headers: { ...GRPC, "grpc-encoding": "snappy" }, body: () => framed(good(), true), status: 12, answer: status(12, /snappy/), responseHeaders: { "grpc-accept-encoding": /gzip/ }, spans: 0 },
  { grpc: true, section: "gRPC compression", promise: "damaged gzip is the sender's fault", headers: { ...GRPC, "grpc-encoding": "gzip" }, body: () => framed(gzipSync(good()).subarray(0, -9), true), status: 3, answer: { ...status(3, /gzip/), details: [badRequest] }, spans: 0 },
  { grpc: true, section: "Full success", promise: "an empty request is a success", headers: GRPC, body: () => framed(Buffer.alloc(0)), status: 0, answer: {}, spans: 0 },
  { grpc: true, section: "Partial success", promise: "bad spans are counted with the reason, good ones kept", headers: GRPC, body: () => framed(protobuf(request(...partialCall.made(), span({ spanId: "abcd" })))), status: 0, answer: { partialSuccess: { rejectedSpans: "1", errorMessage: /span_id has 2 bytes/ } }, spans: 1, stored: partialCall.stored },
  { grpc: true, section: "Bad Data", promise: "malformed protobuf is the sender's fault, and what is wrong is said", headers: GRPC, body: () => framed(good().subarray(0, -5)), status: 3, answer: { ...status(3, /says \d+ bytes/), details: [badRequest] }, spans: 0 },
  { grpc: true, section: "gRPC over HTTP/2", promise: "a message that ends before its length is the sender's fault", headers: GRPC, body: () => goodCall().subarray(0, -5), status: 3, answer: status(3, /before its message/), spans: 0 },
  { grpc: true, section: "gRPC over HTTP/2", promise: "a call has one message", headers: GRPC, body: () => Buffer.concat([goodCall(), goodCall()]), status: 12, answer: status(12, /one message/), spans: 0 },
  { grpc: true, section: "gRPC over HTTP/2", promise: "another content type gets HTTP 415", headers: { "content-type": PROTOBUF }, body: good, httpStatus: 415, status: 2, spans: 0 },
  { grpc: true, section: "gRPC over HTTP/2", promise: "1,000 entries of metadata are taken", headers: { ...GRPC, ...Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`x-tag-${String(n)}`, "value"])) }, body: goodCall, status: 0, answer: {}, spans: 1 },
  { grpc: true, section: "gRPC over HTTP/2", promise: "a call that is no POST gets HTTP 405", headers: { ...GRPC, ":method": "PUT" }, body: goodCall, httpStatus: 405, status: 2, responseHeaders: { allow: "POST" }, spans: 0 },
  { grpc: true, section: "gRPC over HTTP/2", promise: "a `grpc-timeout` that is none is the sender's fault", headers: { ...GRPC, "grpc-timeout": "soon" }, body: goodCall, status: 3, answer: { ...status(3, /grpc-timeout/), details: [badRequest] }, spans: 0 },
  { grpc: true, section: "gRPC over HTTP/2", promise: "a call whose `grpc-timeout` has passed is told so", headers: { ...GRPC, "grpc-timeout": "0S" }, body: goodCall, isOpen: true, status: 4, answer: status(4, /longer than its client waits/), spans: 0 },
  { grpc: true, section: "Request size limit", promise: "a message above 64 MiB is refused for good, by its length", headers: GRPC, body: () => framed(Buffer.alloc(1), false, 64 * 1024 * 1024 + 1), status: 8, answer: status(8, /message is larger than 67108864 bytes/), spans: 0 },
  { grpc: true, section: "Request size limit", promise: "so is one above 64 MiB once decompressed", headers: { ...GRPC, "grpc-encoding": "gzip" }, body: () => framed(gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1)), true), status: 8, answer: status(8, /decompressed body is larger/), spans: 0 },
  { grpc: true, door: "tokens", section: "Authentication", promise: "where tokens are set, no token is refused", headers: GRPC, body: goodCall, status: 16, answer: status(16, /Authorization: Bearer/), spans: 0 },
  { grpc: true, door: "tokens", section: "Authentication", promise: "where tokens are set, a wrong token is refused", headers: { ...GRPC, authorization: `Bearer ${ingestToken}0` }, body: goodCall, status: 16, answer: status(16, /HOPSCOPE_INGEST_TOKENS/), spans: 0 },
  { grpc: true, door: "tokens", section: "Authentication", promise: "one of the tokens in the metadata is let in", headers: { ...GRPC, authorization: `Bearer ${ingestToken}` }, body: goodCall, status: 0, answer: {}, spans: 1 },
  { grpc: true, door: "rate", section: "OTLP/gRPC throttling", promise: "a sender past its rate is told when to come again", headers: GRPC, body: goodCall, status: 8, answer: { ...status(8, /spans a second/), details: [retryInfo] }, spans: 0 },
  { grpc: true, door: "full", section: "OTLP/gRPC throttling", promise: "while there is no room the sender is told when to come again", headers: GRPC, body: goodCall, status: 14, answer: { ...status(14, /disk is full/), details: [retryInfo] }, spans: 0 },
  { grpc: true, section: "OTLP/gRPC", promise: "logs are not taken", path: logsService, headers: GRPC, body: () => framed(Buffer.alloc(0)), status: 12, answer: status(12, /LogsService\/Export is not taken/), spans: 0 },
  { grpc: true, section: "OTLP/gRPC", promise: "metrics are not taken", path: metricsService, headers: GRPC, body: () => framed(Buffer.alloc(0)), status: 12, answer: status(12, /MetricsService\/Export is not taken/), spans: 0 },
];
