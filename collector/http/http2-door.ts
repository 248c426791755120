/** HTTP/2 without TLS, behind a look at the first bytes: what begins otherwise gets an answer in words. */
import type { Http2Server } from "node:http2";
import { createServer, type Server } from "node:net";
import { rawAnswer } from "./raw-answer.ts";
import { connectionsMax } from "./serve.ts";
import { spokenIn, strayAdvice } from "./stray-client.ts";

/** After this a connection on which nothing was said is closed, ms. */
const firstBytesMaxMs = 60_000;
const PROTOBUF_TYPE = /^content-type: *application\/(x-)?protobuf\b/im;

/** How to speak to those who are wrong here. */
export interface Http2DoorOptions {
  /** Where OTLP/HTTP is, in words. */
  readonly http: string;
  /** Told what a client was told. */
  readonly onStray: (advice: string) => void;
}

/** A server that hands connections of HTTP/2 to `http2`, which itself does not listen. */
export function http2Door(http2: Http2Server, { http, onStray }: Http2DoorOptions): Server {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.setTimeout(firstBytesMaxMs, () => socket.destroy());
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      const spoken = spokenIn(first);
      if (spoken === "http2") {
        socket.setTimeout(0);
        socket.removeAllListeners("timeout");
        socket.unshift(first);
        http2.emit("connection", socket);
        return;
      }
      const advice = strayAdvice(spoken, { port: socket.localPort ?? 0, other: http });
      onStray(advice);
      if (spoken !== "http1") return void socket.destroy();
      // In the encoding of the request, as exporters show what such a `Status` says.
      const encoding = PROTOBUF_TYPE.test(first.toString("latin1")) ? "protobuf" : "json";
      // What the client still sends is read, as closing with unread bytes may take the answer along.
      socket.resume().end(rawAnswer(400, advice, encoding));
    });
  });
  server.maxConnections = connectionsMax;
  return server;
}

