/**
 * OTLP/gRPC: the TraceService, for senders that speak nothing else. On Node's own HTTP/2, so that a call is let in,
 * or refused, before a byte of its message is read, and what comes of it is counted like the bodies of OTLP/HTTP.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { OtlpError, rpcCode, unavailable } from "../ingest/errors.ts";
import { retryAfterS } from "../ingest/limits.ts";
import { exportResponse } from "../ingest/otlp-answer.ts";
import type { Receiver } from "../ingest/receive.ts";
import { type Log, silentLog } from "../store/log.ts";
import { grpcTimeoutMs } from "./grpc-timeout.ts";
import { http2Door } from "./http2-door.ts";
import type { Authorize } from "./ingest-auth.ts";
import { answerMessage, answerRefusal, readMessage } from "./otlp-grpc-call.ts";
import { strayLog } from "./stray-client.ts";

const EXPORT_PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const CONTENT_TYPE = /^application\/grpc(\+proto)?\s*(;|$)/i;
/** Calls under way at a time, of all connections: each waits for a disk, and holds a stream's state meanwhile. */
const openCallsDefaultMax = 1_000;
/** Calls at a time on one connection, which the client learns and keeps to: what RFC 9113 names as the least. */
const callsPerConnectionMax = 100;
/** What a call may take whose client does not say less (`grpc-timeout`), ms: exporters give up after ten seconds. */
const callMaxMs = 60_000;
/** Metadata of a call, entries: Node resets calls above 128, and tells neither side why. */
const metadataEntriesMax = 1_024;
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
  /** Where OTLP/HTTP is, for clients that look for it here: `port 4318`. */
  readonly http?: string;
  /** Where the operator is told of such clients; absent, nowhere. */
  readonly log?: Log;
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
  const { http = "port 4318", log = silentLog } = options;
  const http2 = createServer({
    settings: { maxConcurrentStreams: callsPerConnectionMax },
    maxHeaderListPairs: metadataEntriesMax,
  });
  const server = http2Door(http2, { http, onStray: strayLog(log) });
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const calls: Calls = { open: 0, max: options.openCallsMax ?? openCallsDefaultMax };
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.setTimeout(connectionIdleMaxMs, () => session.close());
  });
  http2.on("stream", (stream, headers) => {
    // It is closed then, which is what a call under way looks at.
    stream.on("error", () => undefined);
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
  if (headers[":method"] !== "POST") return refuseAsHttp(receiver, stream, 405);
  if (!CONTENT_TYPE.test(headers["content-type"] ?? "")) return refuseAsHttp(receiver, stream, 415);
  const held = receiver.hold();
  let isOpen = false;
  let overdue: OtlpError | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const timeoutMs = Math.min(grpcTimeoutMs(headers["grpc-timeout"]?.toString()) ?? callMaxMs, callMaxMs);
    timer = setTimeout(() => answerRefusal(stream, (overdue = deadlineExceeded())), timeoutMs);
    if (headers[":path"] !== EXPORT_PATH) throw notTaken(headers[":path"] ?? "");
    const grant = authorize?.((name) => headers[name]?.toString());
    if (calls.open >= calls.max) throw unavailable("too many calls at a time", retryAfterS, "in-flight");
    calls.open += 1;
    isOpen = true;
    receiver.admit();
    const received = await receiver.receiveTraces(await readMessage(stream, headers, held), "protobuf");
    grant?.spend(received.accepted);
    answerMessage(stream, exportResponse(received, "protobuf"));
  } catch (error) {
    // Answering it closed the stream, by which its message could not be read.
    const refusal = overdue ?? (error instanceof OtlpError ? error : internal(error));
    receiver.countRefused(refusal.reason);
    answerRefusal(stream, refusal);
  } finally {
    clearTimeout(timer);
    if (isOpen) calls.open -= 1;
    held.release();
  }
}

/** What is no call of gRPC is answered as HTTP/2 is. */
function refuseAsHttp(receiver: Receiver, stream: ServerHttp2Stream, status: 405 | 415): void {
  receiver.countRefused(status === 405 ? "method" : "content-type");
  stream.respond({ ":status": status, ...(status === 405 && { allow: "POST" }) }, { endStream: true });
  stream.close();
}

/** What of it is durable by now is known again when it is sent again. */
function deadlineExceeded(): OtlpError {
  return new OtlpError("the call took longer than its client waits, or than a minute", {
    httpStatus: 504,
    rpcCode: rpcCode.deadlineExceeded,
    reason: "deadline",
  });
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
  server: Server,
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
