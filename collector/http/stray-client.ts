/** Clients at the wrong door: gRPC at the port of HTTP, HTTP at the port of gRPC, TLS at either. */
import type { Log } from "../store/log.ts";

/** What every connection of HTTP/2 begins with. */
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const HTTP1_LINE = /^[A-Z]{3,20} \S* ?(HTTP\/1\.|$)/;
/** Of a TLS record that begins a handshake. */
const TLS_HANDSHAKE = [0x16, 0x03] as const;
/** Between two lines of the log about the same mistake: a client that is set up wrong tries again and again, ms. */
const tellIntervalMs = 60_000;

/** What a client speaks, by its first bytes. */
export type Spoken = "http1" | "http2" | "tls" | "unknown";

/** What a client speaks whose first bytes these are. */
export function spokenIn(bytes: Uint8Array): Spoken {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text.length > 0 && HTTP2_PREFACE.subarray(0, text.length).equals(text.subarray(0, HTTP2_PREFACE.length))) {
    return "http2";
  }
  if (text[0] === TLS_HANDSHAKE[0] && text[1] === TLS_HANDSHAKE[1]) return "tls";
  return HTTP1_LINE.test(text.toString("latin1").split("\r\n", 1)[0] ?? "") ? "http1" : "unknown";
}

/** What a client is told that speaks something else than its port does. */
export function strayAdvice(
  spoken: Spoken,
  { port, other }: { readonly port: number; readonly other: string },
): string {
  if (spoken === "http1") return `port ${String(port)} takes OTLP/gRPC; OTLP/HTTP (POST /v1/traces) is at ${other}`;
  if (spoken === "http2") return `port ${String(port)} takes OTLP/HTTP over HTTP/1.1; OTLP/gRPC is at ${other}`;
  if (spoken === "tls") return `port ${String(port)} has no TLS: use http://, or a proxy with TLS before the collector`;
  return `what was sent to port ${String(port)} is not HTTP`;
}

/** Writes such advice to the log, where the operator sees it: a client seldom shows what it was answered. */
export function strayLog(log: Log, now: () => number = () => performance.now()): (advice: string) => void {
  const toldMs = new Map<string, number>();
  return (advice) => {
    const lastMs = toldMs.get(advice);
    if (lastMs !== undefined && now() - lastMs < tellIntervalMs) return;
    toldMs.set(advice, now());
    log.warn({}, `a client is at the wrong port: ${advice}`);
  };
}
