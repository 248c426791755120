/** Tokens, rates and bounds over OTLP/gRPC, with the client that exporters are made of. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, constants, type ClientHttp2Stream } from "node:http2";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  status,
  type Client,
  type ClientWritableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ingestAuth, type Authorize } from "../../collector/http/ingest-auth.ts";
import { serveOtlpGrpc, type OtlpGrpcServing } from "../../collector/http/otlp-grpc.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { decodeOtlp, encodeOtlp } from "../support/otlp-proto.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { request, span } from "./conformance.cases.ts";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const token = "a-token-of-a-sender";
const inFlightMaxBytes = 1024 * 1024;
const within = { timeout: 20_000, interval: 10 };
const bytes = (value: Buffer) => value;
const TraceClient = makeGenericClientConstructor({}, "TraceService");

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
const closing: (() => Promise<void> | void)[] = [];
/** A server, and a client with a connection of its own. */
async function serve(options: { authorize?: Authorize | undefined; openCallsMax?: number } = {}) {
  const grpc: OtlpGrpcServing = await serveOtlpGrpc(receiver, { host: "127.0.0.1", port: 0, ...options });
  // The one that the process shares would be closed under another test.
  const alone = { "grpc.use_local_subchannel_pool": 1 };
  const client = new TraceClient(`127.0.0.1:${String(grpc.port)}`, credentials.createInsecure(), alone);
  closing.unshift(() => client.close(), grpc.close);
  return { client, grpc };
}

beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-grpc-"));
  const limits = { inFlightMaxBytes };
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog, limits });
});
afterAll(async () => {
  for (const close of closing) await close();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

const spans = (count: number) =>
  encodeOtlp("ExportTraceServiceRequest", request(...Array.from({ length: count }, () => span())));

function withToken(authorization: string | undefined): Metadata {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set("authorization", authorization);
  return metadata;
}

/** What a call was answered with: the error and the `Status` in its details, or OK. */
function answerOf(error: ServiceError | null) {
  const details = error?.metadata.get("grpc-status-details-bin")[0];
  return {
    code: error?.code ?? status.OK,
    status: Buffer.isBuffer(details) ? decodeOtlp("RpcStatus", details) : undefined,
  };
}

async function send(client: Client, body: Buffer, authorization?: string) {
  return new Promise<ReturnType<typeof answerOf>>((settle) => {
    client.makeUnaryRequest(EXPORT, bytes, bytes, body, withToken(authorization), (error) => settle(answerOf(error)));
  });
}

/** A call whose message is not sent, or not yet. */
function openCall(client: Client, authorization?: string) {
  let call!: ClientWritableStream<Buffer>;
  const answer = new Promise<ReturnType<typeof answerOf>>((settle) => {
    const metadata = withToken(authorization);
    call = client.makeClientStreamRequest(EXPORT, bytes, bytes, metadata, (error) => settle(answerOf(error)));
  });
  return { call, answer };
}

const unavailable = { code: status.UNAVAILABLE, status: { code: 14, details: [expect.anything()] } };

describe("a sender", () => {
  it.for([undefined, "", `Bearer ${token}x`, token])("with the authorization %s is UNAUTHENTICATED", async (header) => {
    const { client } = await serve({ authorize: ingestAuth({ tokens: [token] }) });
    expect(await send(client, spans(1), header)).toMatchObject({ code: status.UNAUTHENTICATED, status: { code: 16 } });
  });

  it("without a token is refused before its message is there, and nothing of it is kept", async () => {
    const { client } = await serve({ authorize: ingestAuth({ tokens: [token] }) });
    expect(await openCall(client).answer).toMatchObject({ code: status.UNAUTHENTICATED });
    const before = receiver.stats();
    // Were it read, it would be refused as too much at a time.
    const large = Buffer.alloc(16 * inFlightMaxBytes);
    const answers = await Promise.all(Array.from({ length: 4 }, () => send(client, large)));
    expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => status.UNAUTHENTICATED));
    expect(receiver.stats()).toMatchObject({ bytes: before.bytes, inFlightBytes: 0 });
  });

  it("with a token is let in, and past its rate is told when to come again", async () => {
    const { client } = await serve({ authorize: ingestAuth({ tokens: [token], spansPerS: 1 }) });
    expect(await send(client, spans(1_000), `Bearer ${token}`)).toEqual({ code: status.OK, status: undefined });
    const tooMany = { code: status.RESOURCE_EXHAUSTED, status: { code: 8, details: [expect.anything()] } };
    expect(await send(client, spans(1), `Bearer ${token}`)).toMatchObject(tooMany);
    // Before its message, too.
    expect(await openCall(client, `Bearer ${token}`).answer).toMatchObject(tooMany);
  });
});

describe("memory", () => {
  it("is not taken for a message that there is no room for, which may come again", async () => {
    const { client } = await serve();
    expect(await send(client, Buffer.alloc(2 * inFlightMaxBytes))).toMatchObject(unavailable);
    const others = receiver.hold();
    others.add(inFlightMaxBytes);
    expect(await send(client, spans(1))).toMatchObject(unavailable);
    others.release();
    expect(await send(client, spans(1))).toMatchObject({ code: status.OK });
    expect(receiver.stats().inFlightBytes).toBe(0);
  });

  it("of a call is given back when the client cancels it", async () => {
    const { client } = await serve();
    const { call, answer } = openCall(client);
    call.write(spans(100));
    await vi.waitFor(() => expect(receiver.stats().inFlightBytes).toBeGreaterThan(0), within);
    call.cancel();
    expect(await answer).toMatchObject({ code: status.CANCELLED });
    await vi.waitFor(() => expect(receiver.stats().inFlightBytes).toBe(0), within);
  });
});

describe("calls at a time", () => {
  it("are bounded; one more is told to come again, and is taken once another has ended", async () => {
    const { client } = await serve({ openCallsMax: 2 });
    const open = [openCall(client), openCall(client)];
    for (const { call } of open) call.write(spans(1));
    await vi.waitFor(() => expect(receiver.stats().inFlightBytes).toBeGreaterThan(0), within);
    await vi.waitFor(async () => expect(await send(client, spans(1))).toMatchObject(unavailable), within);
    open[0]?.call.cancel();
    await vi.waitFor(async () => expect(await send(client, spans(1))).toMatchObject({ code: status.OK }), within);
    // The other is as good as it was.
    open[1]?.call.end();
    expect(await open[1]?.answer).toMatchObject({ code: status.OK });
  });

  it("that end by none or two messages are wrong", async () => {
    const { client } = await serve();
    const [none, two] = [openCall(client), openCall(client)];
    none.call.end();
    for (const message of [spans(1), spans(1)]) two.call.write(message);
    two.call.end();
    expect(await none.answer).toMatchObject({ code: status.UNIMPLEMENTED });
    expect(await two.answer).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it.for([
    ["before its message", () => undefined],
    ["in the middle of it", (stream: ClientHttp2Stream) => stream.write(Buffer.from([0, 0, 0, 0, 9, 1]))],
  ] as const)("that the client resets %s are not counted as malformed", async ([, begin]) => {
    const { grpc } = await serve();
    const session = connect(`http://127.0.0.1:${String(grpc.port)}`);
    await once(session, "connect");
    closing.unshift(() => session.destroy());
    const before = receiver.stats().refused;
    const stream = session.request({ ":method": "POST", ":path": EXPORT, "content-type": "application/grpc" });
    stream.on("error", () => undefined);
    begin(stream);
    // What is reset before it was sent is not sent at all.
    await new Promise((settle) => setImmediate(settle));
    stream.close(constants.NGHTTP2_CANCEL);
    await vi.waitFor(() => expect(receiver.stats().refused["hung-up"]).toBe(before["hung-up"] + 1), within);
    expect(receiver.stats().refused.malformed).toBe(before.malformed);
  });

  it("do not keep a server from closing by connections that their clients never close", async () => {
    const { grpc } = await serve();
    const socket = createConnection({ port: grpc.port, host: "127.0.0.1", allowHalfOpen: true });
    closing.unshift(() => void socket.destroy());
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings]));
    await once(socket, "data");
    await grpc.close();
  });

  it("do not keep a server from closing", async () => {
    const { client, grpc } = await serve();
    const { call, answer } = openCall(client);
    call.write(spans(1));
    await vi.waitFor(() => expect(receiver.stats().inFlightBytes).toBeGreaterThan(0), within);
    await grpc.close();
    expect((await answer).code).not.toBe(status.OK);
    await vi.waitFor(() => expect(receiver.stats().inFlightBytes).toBe(0), within);
  });
});

/** A call on a connection of its own, answered by the server's headers and how it closed the stream. */
async function rawCall(
  port: number,
  headers: Readonly<Record<string, string>>,
  begin: (stream: ClientHttp2Stream) => void,
) {
  const session = connect(`http://127.0.0.1:${String(port)}`);
  closing.unshift(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": EXPORT, "content-type": "application/grpc", ...headers });
  const received: Record<string, unknown> = {};
  for (const event of ["response", "trailers"]) stream.on(event, (some: object) => Object.assign(received, some));
  stream.on("error", (error: Error) => Object.assign(received, { error: error.message })).resume();
  begin(stream);
  await once(stream, "close");
  return received;
}

const message = () => {
  const body = spans(1);
  return Buffer.concat([Buffer.from([0, 0, 0, 0]), Buffer.from([body.length]), body]);
};

describe("a call's deadline", () => {
  it("ends it, and what was read of its message is given back", async () => {
    const { grpc } = await serve();
    const before = receiver.stats().refused.deadline;
    const part = message().subarray(0, 20);
    const answer = await rawCall(grpc.port, { "grpc-timeout": "50m" }, (stream) => stream.write(part));
    expect(answer).toMatchObject({ ":status": 200, "grpc-status": String(status.DEADLINE_EXCEEDED) });
    await vi.waitFor(() => expect(receiver.stats().refused.deadline).toBe(before + 1), within);
    expect(receiver.stats().inFlightBytes).toBe(0);
  });

  it.for(["1H", "99999999u", "60S"])("of %s leaves room for a call that is sent at once", async (timeout) => {
    const { grpc } = await serve();
    const answer = await rawCall(grpc.port, { "grpc-timeout": timeout }, (stream) => stream.end(message()));
    expect(answer).toMatchObject({ "grpc-status": "0" });
  });
});

it("a call that is refused is ended, though its client goes on sending", async () => {
  const { grpc } = await serve({ authorize: ingestAuth({ tokens: [token] }) });
  // It never ends its message: that it is over is for the server to say.
  const answer = await rawCall(grpc.port, {}, (stream) => stream.write(Buffer.alloc(1_000)));
  expect(answer).toMatchObject({ "grpc-status": String(status.UNAUTHENTICATED) });
  expect(answer).not.toHaveProperty("error");
});
