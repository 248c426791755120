/** Serves an app on one address: listening, and ending within the time that Ctrl-C is given. */
import type { AddressInfo } from "node:net";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { type Log, silentLog } from "../store/log.ts";
import { answerClientErrors } from "./client-errors.ts";
import { strayLog } from "./stray-client.ts";

/** Functions keep a connection over the pause between two invocations; load balancers use 60 s. Milliseconds. */
const keepAliveTimeoutMs = 65_000;
/** Of a request's line and headers, bytes: ten filters of 2,000 characters, each of which may be nine as it is sent. */
const headerMaxBytes = 192 * 1024;
/** From a request's first byte to its last, ms: 64 MiB at 9 Mbit/s. Exporters give up after ten seconds. */
const requestMaxMs = 60_000;
/** A reader that takes nothing of its answer for so long is hung up on, as what it asked for waits in memory; ms. */
const stalledReaderMs = 120_000;
/** Connections at a time: each costs some ten kilobytes, and a file of the process. */
export const connectionsMax = 10_000;
/** What a request in flight is given to end by itself when the server closes: a third of what ending may take, ms. */
const closeGraceMs = 500;

/** The address to listen on. */
export interface ServeOptions {
  /** For example `127.0.0.1`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where OTLP/gRPC is, for clients that look for it here: `port 4317`. */
  readonly grpc?: () => string;
  /** Where the operator is told of such clients; absent, nowhere. */
  readonly log?: Log;
  /** Milliseconds; for tests. */
  readonly stalledMs?: number;
}

/**
 * Sees every request before the app does; true where it answers it. Where the client waits for leave to send its body
 * (`Expect: 100-continue`), it is this one that gives it.
 */
export type FirstHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A server that listens. */
export interface Serving {
  readonly server: Server;
  readonly port: number;
  /** `http://host:port`, to be opened in a browser; a wildcard address is shown as localhost. */
  readonly url: string;
  /** Takes no new request, waits half a second for those in flight, then cuts them off. */
  close(): Promise<void>;
}

/** The address cannot be listened on; `message` is one line that says what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: "port-in-use" | "not-permitted" | "no-such-host" | "other";

  constructor(code: ListenError["code"], message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Listens and serves `app`, and what `first` answers without it.
 *
 * @throws ListenError where the port is taken, needs more rights, or the host is none of this machine's
 */
export async function serveApp(
  app: Pick<Hono, "fetch">,
  { host, port, grpc = () => "port 4317", log = silentLog, stalledMs = stalledReaderMs }: ServeOptions,
  first: FirstHandler = () => false,
): Promise<Serving> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const limits = {
    keepAliveTimeout: keepAliveTimeoutMs,
    requestTimeout: requestMaxMs,
    maxHeaderSize: headerMaxBytes,
  };
  const server = createServer(limits, (request, response) => {
    if (!first(request, response)) void listener(request, response);
  });
  server.maxConnections = connectionsMax;
  // Counts only while nothing at all moves: queries end sooner, and the live tail says something every few seconds.
  server.timeout = stalledMs;
  answerClientErrors(server, { grpc, onStray: strayLog(log) });
  server.on("checkContinue", (request, response) => {
    if (first(request, response)) return;
    response.writeContinue();
    void listener(request, response);
  });
  await new Promise<void>((settle, fail) => {
    server.once("error", (error) => fail(listenError(error, { host, port })));
    server.listen(port, host, settle);
  });
  const actual = server.address() as AddressInfo;
  const shownHost = host === "0.0.0.0" || host === "::" || host === "127.0.0.1" ? "localhost" : host;
  return {
    server,
    port: actual.port,
    url: `http://${shownHost.includes(":") ? `[${shownHost}]` : shownHost}:${String(actual.port)}`,
    close: () => closeServer(server),
  };
}

/**
 * Why an address cannot be listened on, in one line that names the setting to change.
 *
 * @param error as Node throws it, or with Node's code (`EADDRINUSE`) in its message
 */
export function listenError(
  error: Error,
  { host, port }: Pick<ServeOptions, "host" | "port">,
  portSetting = "HOPSCOPE_PORT",
): ListenError {
  const code = (error as NodeJS.ErrnoException).code ?? /\bE[A-Z]{4,}\b/.exec(error.message)?.[0];
  if (code === "EADDRINUSE") {
    const advice = `stop what listens there, or choose another port with ${portSetting}.`;
    return new ListenError("port-in-use", `Port ${String(port)} on ${host} is already in use: ${advice}`, error);
  }
  if (code === "EACCES") {
    const advice = `choose a port from 1024 up with ${portSetting}.`;
    return new ListenError("not-permitted", `Port ${String(port)} needs more rights: ${advice}`, error);
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    const advice = "choose 127.0.0.1, 0.0.0.0 or an address of this machine with HOPSCOPE_HOST.";
    return new ListenError("no-such-host", `${host} is no address of this machine: ${advice}`, error);
  }
  return new ListenError("other", `Cannot listen on ${host}:${String(port)}: ${error.message}`, error);
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((settle) => server.close(() => settle()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearTimeout(cut);
}
