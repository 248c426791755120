/**
 * OTLP/gRPC: the TraceService, for senders that speak nothing else. On Node's own HTTP/2, so that a call is let in,
 * or refused, before a byte of its message is read, and what comes of it is counted like the bodies of OTLP/HTTP.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { OtlpError, rpcCode, unavailable } from "../ingest/errors.ts";
import { retryAfterS } from "../ingest/limits.ts";
import { exportResponse } from "../ingest/otlp-answer.ts";
import type { Receiver } from "../ingest/receive.ts";
import type { Authorize } from "./ingest-auth.ts";
import { answerMessage, answerRefusal, readMessage } from "./otlp-grpc-call.ts";

const EXPORT_PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const CONTENT_TYPE = /^application\/grpc(\+proto)?\s*(;|$)/i;
/** Calls under way at a time, of all connections: each waits for a disk, and holds a stream's state meanwhile. */
const openCallsDefaultMax = 1_000;
/** Calls at a time on one connection, which the client learns and keeps to: what RFC 9113 names as the least. */
const callsPerConnectionMax = 100;
/** After this without a byte a call is ended, as nobody sends a message that slowly, ms. */
const callIdleMaxMs = 60_000;
/** After this without a byte a connection is closed; its client opens another, ms. */
const connectionIdleMaxMs = 30 * 60_000;
/** What calls under way are given to end by themselves when the server closes, as over HTTP, ms. */
const closeGraceMs = 500;

/** Where to listen, whom to let in, and how many at a time. */
export interface OtlpGrpcOptions {
  /** For example `127.0.0.1`. */
  readonly host: string;
  /** 4317 by convention; 0 takes a free one. */
  readonly port: number;
  /** Who may send, by the call's metadata; absent lets everyone in. */
  readonly authorize?: Authorize | undefined;
  /** Calls under way at a time; those beyond it are told to come again. */
  readonly openCallsMax?: number;
}

/** A server that listens; `close` gives calls under way half a second to end. */
export interface OtlpGrpcServing {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens for OTLP/gRPC.
 *
 * @throws Error where the address cannot be listened on
 */
export async function serveOtlpGrpc(receiver: Receiver, options: OtlpGrpcOptions): Promise<OtlpGrpcServing> {
  const server = createServer({ settings: { maxConcurrentStreams: callsPerConnectionMax } });
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const calls: Calls = { open: 0, max: options.openCallsMax ?? openCallsDefaultMax };
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.setTimeout(connectionIdleMaxMs, () => session.close());
  });
  server.on("stream", (stream, headers) => {
    // It is closed then, which is what a call under way looks at.
    stream.on("error", () => undefined);
    stream.setTimeout(callIdleMaxMs, () => stream.close());
    void answerCall(receiver, options, calls, stream, headers);
  });
  await new Promise<void>((settle, fail) => {
    server.once("error", fail);
    server.listen(options.port, options.host, settle);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server, sessions, sockets) };
}

/** Calls that were let in and are not answered yet. */
interface Calls {
  open: number;
  readonly max: number;
}

/** Answers one call; an {@link OtlpError} becomes its gRPC status, with a `Status` in its details. */
async function answerCall(
  receiver: Receiver,
  { authorize }: OtlpGrpcOptions,
  calls: Calls,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  if (!CONTENT_TYPE.test(headers["content-type"] ?? "")) {
    receiver.countRefused("content-type");
    stream.respond({ ":status": 415 }, { endStream: true });
    stream.resume();
    return;
  }
  const held = receiver.hold();
  let isOpen = false;
  try {
    if (headers[":path"] !== EXPORT_PATH) throw notTaken(headers[":path"] ?? "");
    const grant = authorize?.((name) => headers[name]?.toString());
    if (calls.open >= calls.max) throw unavailable("too many calls at a time", retryAfterS, "in-flight");
    calls.open += 1;
    isOpen = true;
    const received = await receiver.receiveTraces(await readMessage(stream, headers, held), "protobuf");
    grant?.spend(received.accepted);
    answerMessage(stream, exportResponse(received, "protobuf"));
  } catch (error) {
    const refusal = error instanceof OtlpError ? error : internal(error);
    receiver.countRefused(refusal.reason);
    answerRefusal(stream, refusal);
  } finally {
    if (isOpen) calls.open -= 1;
    held.release();
  }
}

function notTaken(path: string): OtlpError {
  const method = path.slice(0, 100);
  return new OtlpError(`${method} is not taken by this collector, which takes traces by ${EXPORT_PATH}`, {
    httpStatus: 404,
    rpcCode: rpcCode.unimplemented,
    reason: "path",
  });
}

/** A fault of ours may be gone by the next try, and UNAVAILABLE is what clients try again. */
function internal(error: unknown): OtlpError {
  const message = error instanceof Error ? error.message : String(error);
  return unavailable(`the collector failed: ${message}`, retryAfterS, "internal");
}

async function closeServer(
  server: Http2Server,
  sessions: ReadonlySet<ServerHttp2Session>,
  sockets: ReadonlySet<Socket>,
): Promise<void> {
  const closed = new Promise<void>((settle) => server.close(() => settle()));
  for (const session of sessions) session.close();
  const cut = setTimeout(() => {
    // Sessions that were told to close wait for their clients, who may never do.
    for (const socket of sockets) socket.destroy();
  }, closeGraceMs);
  await closed;
  clearTimeout(cut);
}
