import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { corsFor } from "../../collector/http/cors.ts";
import { ingestAuth, type Authorize } from "../../collector/http/ingest-auth.ts";
import { serveOtlpGrpc, type OtlpGrpcServing } from "../../collector/http/otlp-grpc.ts";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp, type Serving } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { decodeOtlp, type OtlpJson } from "../support/otlp-proto.ts";
import { storedSpans } from "../support/stored-spans.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { conformancePage } from "./conformance-page.ts";
import {
  conformanceCases,
  ingestToken,
  pageOrigin,
  traceService,
  type ConformanceCase,
  type Door,
  type StoredCase,
} from "./conformance.cases.ts";

/** Nothing but OTLP is served here. */
const noApp = { fetch: () => new Response(null, { status: 404 }) };

const within = { timeout: 20_000, interval: 50 };

interface Answer {
  /** Of HTTP. */
  readonly status: number;
  /** With the trailers of gRPC. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
let fullReceiver: Receiver;
const doors: Partial<Record<Door, { readonly http: Serving; readonly grpc: OtlpGrpcServing }>> = {};
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-otlp-"));
  const options = { store: db.store, retentionDays: 30, log: silentLog };
  receiver = await openReceiver({ ...options, dataDir, limits: { segmentAgeMaxMs: 50 } });
  const limits = { diskFreeMinBytes: Number.MAX_SAFE_INTEGER };
  fullReceiver = await openReceiver({ ...options, dataDir: join(dataDir, "full"), limits });
  const usedUp = ingestAuth({ tokens: [], spansPerS: 1 });
  usedUp?.(() => undefined).spend(1_000);
  const cors = corsFor([pageOrigin]);
  const open = async (authorize?: Authorize, to = receiver) => {
    const address = { host: "127.0.0.1", port: 0 };
    const http = await serveApp(noApp, address, otlpHandler(to, { authorize, cors }));
    return { http, grpc: await serveOtlpGrpc(to, { ...address, authorize }) };
  };
  doors.open = await open();
  doors.tokens = await open(ingestAuth({ tokens: ["another-token-1234", ingestToken] }));
  doors.rate = await open(usedUp);
  doors.full = await open(undefined, fullReceiver);
});
afterAll(async () => {
  for (const { http, grpc } of Object.values(doors)) await Promise.all([http.close(), grpc.close()]);
  await receiver.close();
  await fullReceiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

/** Sends exactly these headers and bytes; a server may answer, and hang up, before it has read all of them. */
async function send(conformance: ConformanceCase): Promise<Answer> {
  const { door = "open", method = "POST", path = "/v1/traces", headers = {}, body, isChunked } = conformance;
  const port = doors[door]?.http.port;
  return new Promise((settle, fail) => {
    const sending = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false });
    let answered = false;
    sending.on("response", (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        settle({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sending.on("error", (error) => {
      if (!answered) fail(error);
    });
    const bytes = body?.();
    // Bytes that are written before the end get no Content-Length.
    if (isChunked) sending.write(bytes?.subarray(0, 20));
    sending.end(isChunked ? bytes?.subarray(20) : bytes);
  });
}

/** The same over HTTP/2, as a gRPC call. */
async function call({ door = "open", path = traceService, headers = {}, body, isOpen }: ConformanceCase): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${String(doors[door]?.grpc.port)}`);
  try {
    return await new Promise<Answer>((settle, fail) => {
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      const all: Record<string, string | string[] | undefined> = {};
      const chunks: Buffer[] = [];
      session.on("error", fail);
      stream.on("error", fail);
      stream.on("response", (received) => Object.assign(all, received));
      stream.on("trailers", (received) => Object.assign(all, received));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => settle({ status: Number(all[":status"]), headers: all, body: Buffer.concat(chunks) }));
      if (isOpen) stream.write(body?.().subarray(0, -1));
      else stream.end(body?.());
    });
  } finally {
    session.destroy();
  }
}

/** The message of a gRPC answer, or the `Status` in its details. */
function decodedCall({ headers, body }: Answer): OtlpJson {
  if (headers["grpc-status"] === "0") return decodeOtlp("ExportTraceServiceResponse", body.subarray(5));
  return decodeOtlp("RpcStatus", Buffer.from(String(headers["grpc-status-details-bin"]), "base64"));
}

function decoded({ status, headers, body }: Answer, path = ""): OtlpJson {
  if (headers["content-type"] === "application/json") return JSON.parse(body.toString()) as OtlpJson;
  const signal = path === "/v1/metrics" ? "Metrics" : "Trace";
  return decodeOtlp(status === 200 ? `Export${signal}ServiceResponse` : "RpcStatus", body);
}

/** Regular expressions stand for texts that match them. */
function matcher(value: unknown): unknown {
  if (value instanceof RegExp) return expect.stringMatching(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(matcher);
  const members = Object.entries(value).map(([name, inner]) => [name, matcher(inner)] as const);
  return expect.objectContaining(Object.fromEntries(members));
}

/** The store has the spans, read back by nothing but the meaning of its columns. */
async function expectStored(cases: readonly StoredCase[]): Promise<void> {
  for (const { traceId, span, attributesCount } of cases) {
    const { attributes, ...members } = span;
    await vi.waitFor(async () => expect((await storedSpans(db.store, traceId)).length).toBeGreaterThan(0), within);
    const spans = (await storedSpans(db.store, traceId)).map((stored) => stored.span);
    const found = spans.find(({ spanId }) => span["spanId"] === undefined || spanId === span["spanId"]);
    expect(found).toMatchObject(members);
    if (attributes !== undefined) expect(found?.["attributes"]).toEqual(expect.arrayContaining(attributes as unknown[]));
    if (attributesCount !== undefined) expect(found?.["attributes"]).toHaveLength(attributesCount);
  }
}

function expectAnswer(conformance: ConformanceCase, answer: Answer): void {
  const { grpc, path, status, httpStatus, type, answer: expected, responseHeaders = {} } = conformance;
  expect(answer.status).toBe(httpStatus ?? (grpc ? 200 : status));
  if (grpc && httpStatus === undefined) expect(answer.headers["grpc-status"]).toBe(String(status));
  if (type !== undefined) expect(answer.headers["content-type"]).toBe(type);
  if (expected) {
    const message = grpc ? decodedCall(answer) : decoded(answer, path);
    expect(message).toEqual(matcher(expected));
    if (Object.keys(expected).length === 0) expect(message).toEqual({});
  }
  if (conformance.method === "HEAD") expect(answer.body).toHaveLength(0);
  expect(answer.headers).toEqual(matcher(responseHeaders));
  // A browser goes by it, so it must name nobody who was not let in.
  expect(answer.headers["access-control-allow-origin"]).toBe(responseHeaders["access-control-allow-origin"]);
}

const httpCases = conformanceCases.filter(({ grpc }) => !grpc);
const grpcCases = conformanceCases.filter(({ grpc }) => grpc);

describe.for([
  { name: "OTLP/HTTP", cases: httpCases, sent: send },
  { name: "OTLP/gRPC", cases: grpcCases, sent: call },
])("$name", ({ cases, sent }) => {
  it.for(cases)("$promise", async (conformance) => {
    const before = receiver.stats().spans;
    const answer = await sent(conformance);
    expectAnswer(conformance, answer);
    expect(receiver.stats().spans - before).toBe(conformance.spans ?? 0);
    await expectStored(conformance.stored ?? []);
  });
});

it("docs/otlp-conformance.md says what is tested here (npx vitest -u writes it)", async () => {
  await expect(conformancePage()).toMatchFileSnapshot("../../docs/otlp-conformance.md");
});
