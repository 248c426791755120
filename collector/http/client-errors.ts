/**
 * What a client is told whose bytes are no request: Node closes such connections with a status and not a word. OTLP is
 * what nearly all clients of this port speak, so it is a `Status`.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { rawAnswer } from "./raw-answer.ts";
import { spokenIn, strayAdvice } from "./stray-client.ts";

/** As Node's parser gives it. */
interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Uint8Array;
}

/** How to speak to those who are wrong here. */
export interface ClientErrorOptions {
  /** Where OTLP/gRPC is, in words. */
  readonly grpc: () => string;
  /** Told what a client at the wrong port was told. */
  readonly onStray: (advice: string) => void;
}

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is no request, and hangs up. */
export function answerClientErrors(server: Server, { grpc, onStray }: ClientErrorOptions): void {
  const answering = new WeakMap<Socket, ServerResponse>();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => answering.set(request.socket, response));
  server.on("clientError", (error: ClientError, stream) => {
    const socket = stream as Socket;
    const answer = answering.get(socket);
    const isAnswering = answer?.headersSent === true && !answer.writableEnded;
    if (!socket.writable || isAnswering || error.code === "ECONNRESET") return void socket.destroy(error);
    const spoken = error.rawPacket && spokenIn(error.rawPacket);
    const isStray = spoken === "http2" || spoken === "tls";
    const advice = isStray && strayAdvice(spoken, { port: socket.localPort ?? 0, other: grpc() });
    if (advice) onStray(advice);
    socket.write(rawAnswer(STATUS_OF_CODE[error.code ?? ""] ?? 400, advice || messageOf(error), "json"));
    socket.destroySoon();
  });
}

function messageOf({ code, message }: ClientError): string {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "the request did not come to its end in time";
  if (code === "HPE_HEADER_OVERFLOW") return "the request's line and headers are too large";
  return `not an HTTP request: ${message}`;
}
