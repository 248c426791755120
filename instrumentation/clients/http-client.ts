/**
 * Outgoing requests by `fetch` and `node:http(s)`, through the diagnostics channels that Node publishes them on:
 * nothing is patched and nothing is loaded for it, but on Node before 22.12.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 * @see https://github.com/nodejs/undici/blob/main/docs/docs/api/DiagnosticsChannel.md
 */
import { channel, subscribe } from "node:diagnostics_channel";
import type { Span } from "@opentelemetry/api";
import { HTTP_REQUEST_METHOD, HTTP_RESPONSE_STATUS_CODE, SERVER_ADDRESS, URL_PATH } from "@hopscope/schema/attributes";
import { isSuppressed, spanOf } from "../core/context.ts";
import { loadPart } from "../core/parts.ts";
import { carry } from "../core/propagation.ts";
import { guarded } from "../core/report.ts";
import { shared } from "../core/shared.ts";
import { KIND, recordError, STATUS_ERROR } from "../core/span.ts";
import { isValidContext } from "../core/trace-parent.ts";
import { tracing } from "../core/tracing.ts";
import { asObject, asText, defined } from "../events/event-source.ts";

const FETCH_CREATED = "undici:request:create";
const HTTP_CREATED = "http.client.request.created";

const spans = new WeakMap<object, Span>();
const state = shared("http", () => ({ prepared: false, loaded: false }));

/** Makes every further request inside a span a CLIENT span, and lets it carry the trace. */
export function traceHttpClients(): void {
  if (state.prepared) return;
  state.prepared = true;
  on(FETCH_CREATED, onFetch);
  on("undici:request:headers", (_request, message) => recordStatus(_request, asObject(message.response)?.statusCode));
  on("undici:request:trailers", (request) => spans.get(request)?.end());
  on("undici:request:error", fail);
  on(HTTP_CREATED, onHttp);
  on("http.client.response.finish", (request, message) => {
    recordStatus(request, asObject(message.response)?.statusCode);
    spans.get(request)?.end();
  });
  on("http.client.request.error", fail);
}

/** Loads what {@link traceHttpClients} takes beside on a Node that does not publish {@link HTTP_CREATED}. */
export function prepareHttpClients(): void {
  if (!state.prepared || state.loaded) return;
  state.loaded = true;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return;
  loadPart("tracing of node:http", import("../optional/http-requests.ts"), ({ beforeHeaders }) => {
    beforeHeaders((request) => guarded("tracing a request", () => onHttp(request), undefined));
  });
}

type Listener = (request: object, message: Readonly<Record<string, unknown>>) => void;

function on(name: string, listener: Listener): void {
  subscribe(name, (message) => {
    const fields = asObject(message) ?? {};
    const request = asObject(fields.request);
    if (request) guarded("tracing a request", () => listener(request, fields), undefined);
  });
}

function onFetch(request: object): void {
  const { origin, path, method, addHeader, headers } = request as Record<string, unknown>;
  // Another tracer listens: two of them would send two `traceparent` headers.
  const listeners = (channel(FETCH_CREATED) as { _subscribers?: unknown[] })._subscribers?.length ?? 1;
  const carries = Array.isArray(headers) ? headers.includes("traceparent") : /^traceparent:/im.test(asText(headers) ?? "");
  if (listeners > 1 || carries || typeof addHeader !== "function") return;
  start(request, new URL(asText(path) ?? "/", asText(origin)), asText(method), (name, value) => {
    Reflect.apply(addHeader, request, [name, value]);
  });
}

function onHttp(request: object): void {
  const { protocol, host, path, method, getHeader, setHeader } = request as Record<string, unknown>;
  if (typeof getHeader !== "function" || typeof setHeader !== "function") return;
  if (Reflect.apply(getHeader, request, ["traceparent"]) !== undefined) return;
  const url = new URL(asText(path) ?? "/", `${asText(protocol) ?? "http:"}//${asText(host) ?? "localhost"}`);
  start(request, url, asText(method), (name, value) => {
    Reflect.apply(setHeader, request, [name, value]);
  });
}

function start(request: object, url: URL, method = "GET", setHeader: (name: string, value: string) => void): void {
  const { contexts, tracer, config } = tracing();
  const context = contexts.active();
  const active = spanOf(context);
  if (isSuppressed(context) || !active || !isValidContext(active.spanContext())) return;
  const span = tracer.startSpan(method, {
    kind: KIND.client,
    // The query is left out: it may hold what is private.
    attributes: defined({
      [HTTP_REQUEST_METHOD]: method,
      [SERVER_ADDRESS]: url.hostname,
      "server.port": url.port ? Number(url.port) : undefined,
      [URL_PATH]: url.pathname,
      "url.scheme": url.protocol.slice(0, -1),
    }),
  });
  spans.set(request, span);
  const carried = carry(span, config, Date.now());
  if (!carried) return;
  setHeader("traceparent", carried.traceparent);
  setHeader("tracestate", carried.tracestate);
}

function recordStatus(request: object, status: unknown): void {
  const span = spans.get(request);
  if (!span || typeof status !== "number") return;
  span.setAttribute(HTTP_RESPONSE_STATUS_CODE, status);
  if (status < 400) return;
  span.setAttribute("error.type", String(status));
  span.setStatus({ code: STATUS_ERROR });
}

function fail(request: object, { error }: Readonly<Record<string, unknown>>): void {
  const span = spans.get(request);
  if (!span) return;
  recordError(span, error);
  span.end();
}
