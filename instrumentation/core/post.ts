/**
 * One HTTP POST to the collector. `node:http` and `node:https` cost milliseconds of a cold start, so they are
 * loaded at the first export, and the connection is kept alive for the next.
 */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";

import { monotonicMs } from "./clock.ts";

/** What became of an export. */
export type PostResult =
  | { readonly kind: "accepted" }
  /** Sent again later, byte for byte: 429, 502, 503, 504 (OTLP/HTTP "Retryable response codes") or no answer. */
  | { readonly kind: "retry"; readonly afterMs?: number; readonly reason: string }
  /** Never sent again: the collector takes others, but not this body (400, 413). */
  | { readonly kind: "rejected"; readonly reason: string }
  /** Never sent again, and nothing else for a while: 401, 404, 500 and their like. */
  | { readonly kind: "refused"; readonly reason: string; readonly status?: number };

/** An HTTP client for one address. */
export interface Poster {
  /** Loads the HTTP module, so that the first export need not. */
  load(): Promise<void>;
  /** Sends `body`; resolves at the latest `timeoutMs` later, and never rejects. */
  post(body: Buffer, timeoutMs: number): Promise<PostResult>;
}

interface Transport {
  readonly request: (
    url: URL,
    options: RequestOptions,
    onResponse: (response: IncomingMessage) => void,
  ) => ClientRequest;
  readonly agent: Agent;
}

const RETRYABLE = new Set([429, 502, 503, 504]);
const REJECTING = new Set([400, 413, 422]);
/** An idle connection is dropped before common load balancers (60 s) drop it, milliseconds. */
const IDLE_CONNECTION_MS = 55_000;

/** Spans and counts go over the same connection. */
const transports = new Map<string, Promise<Transport>>();

/** A {@link Poster} of OTLP protobuf to `url`. */
export function makePoster(url: URL, headers: Readonly<Record<string, string>>, gzip: boolean): Poster {
  const load = (): Promise<Transport> => {
    const transport = transports.get(url.protocol) ?? loadTransport(url.protocol === "https:");
    transports.set(url.protocol, transport);
    return transport;
  };
  return {
    load: async () => {
      await load();
    },
    async post(body, timeoutMs) {
      const startMs = monotonicMs();
      try {
        const loaded = await load();
        const content = gzip ? await compress(body) : body;
        const options: RequestOptions = {
          method: "POST",
          agent: loaded.agent,
          headers: { ...headers, ...(gzip && { "content-encoding": "gzip" }) },
        };
        const left = (): number => timeoutMs - (monotonicMs() - startMs);
        const first = await request(loaded, url, options, content, left());
        // A kept connection that the other side closed while this environment was frozen is no failure.
        return first === "stale" ? await requestAgain(loaded, url, options, content, left()) : first;
      } catch (error) {
        return { kind: "retry", reason: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

async function requestAgain(...args: Parameters<typeof request>): Promise<PostResult> {
  const result = await request(...args);
  return result === "stale" ? { kind: "retry", reason: "connection closed" } : result;
}

function request(
  transport: Transport,
  url: URL,
  options: RequestOptions,
  body: Buffer,
  timeoutMs: number,
): Promise<PostResult | "stale"> {
  return new Promise((resolve) => {
    const outgoing = transport.request(url, options, (response) => {
      response.resume();
      response.on("close", () => settle(toResult(response)));
    });
    const timer = setTimeout(() => {
      // An environment that was frozen finds its timers due before it reads what has arrived meanwhile.
      setImmediate(() => setImmediate(() => {
        settle({ kind: "retry", reason: `no answer within ${Math.round(timeoutMs)} ms` });
        outgoing.destroy();
      }));
    }, Math.max(0, timeoutMs));
    const settle = (result: PostResult | "stale"): void => {
      clearTimeout(timer);
      resolve(result);
    };
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      settle(outgoing.reusedSocket ? "stale" : { kind: "retry", reason: error.message || String(error.code) });
    });
    outgoing.end(body);
  });
}

function toResult(response: IncomingMessage): PostResult {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return { kind: "accepted" };
  const reason = `HTTP ${status}`;
  if (REJECTING.has(status)) return { kind: "rejected", reason };
  if (!RETRYABLE.has(status)) return { kind: "refused", reason, status };
  const afterSeconds = Number(response.headers["retry-after"]);
  return { kind: "retry", reason, ...(afterSeconds > 0 && { afterMs: afterSeconds * 1000 }) };
}

async function loadTransport(secure: boolean): Promise<Transport> {
  // `import()` reads every export of a module: among those of `node:http` is an undici that takes 45 milliseconds.
  const module = secure
    ? (process.getBuiltinModule?.("node:https") ?? (await import("node:https")))
    : (process.getBuiltinModule?.("node:http") ?? (await import("node:http")));
  // One connection is enough, and frees the collector from one handshake for each invocation.
  const agent = new module.Agent({ keepAlive: true, maxSockets: 2, timeout: IDLE_CONNECTION_MS });
  return { request: module.request, agent };
}

async function compress(body: Buffer): Promise<Buffer> {
  const { gzip } = await import("node:zlib");
  return new Promise((resolve, reject) => gzip(body, (error, result) => (error ? reject(error) : resolve(result))));
}
