/** Requests that are traced: their spans, and what is subscribed to for them from the first one on. */
import { channel } from "node:diagnostics_channel";
import type { Span } from "@opentelemetry/api";
import { HTTP_REQUEST_METHOD, HTTP_RESPONSE_STATUS_CODE, SERVER_ADDRESS, URL_PATH } from "@hopscope/schema/attributes";
import { spanOf } from "../core/context.ts";
import { carry, CARRIED } from "../core/propagation.ts";
import { KIND, recordError, STATUS_ERROR } from "../core/span.ts";
import { isValidContext } from "../core/trace-parent.ts";
import { tracing } from "../core/tracing.ts";
import { asObject, asText, defined, type Fields } from "../events/event-source.ts";
import { FETCH_CREATED, onRequest } from "./request-channels.ts";

const spans = new WeakMap<object, Span>();
let isFollowing = false;

function followRequests(): void {
  if (isFollowing) return;
  isFollowing = true;
  onRequest("undici:request:headers", recordStatus);
  onRequest("undici:request:trailers", end);
  onRequest("undici:request:error", fail);
  onRequest("http.client.response.finish", (request, message) => {
    recordStatus(request, message);
    end(request);
  });
  onRequest("http.client.request.error", fail);
}

/** Makes a request of `fetch` that was just created a CLIENT span. */
export function traceFetch(request: object): void {
  const { origin, path, method, addHeader, headers } = request as Fields;
  // Another tracer listens: two of them would send two `traceparent` headers.
  const listeners = (channel(FETCH_CREATED) as { _subscribers?: unknown[] })._subscribers?.length ?? 1;
  const carries = Array.isArray(headers) ? headers.includes("traceparent") : /^traceparent:/im.test(asText(headers) ?? "");
  if (listeners > 1 || carries || typeof addHeader !== "function") return;
  start(request, new URL(asText(path) ?? "/", asText(origin)), asText(method), (name, value) => {
    Reflect.apply(addHeader, request, [name, value]);
  });
}

/** Makes a request of `node:http(s)` whose headers can still be set a CLIENT span. */
export function traceHttp(request: object): void {
  const { protocol, host, path, method, getHeader, setHeader } = request as Fields;
  if (typeof getHeader !== "function" || typeof setHeader !== "function") return;
  if (Reflect.apply(getHeader, request, ["traceparent"]) !== undefined) return;
  const url = new URL(asText(path) ?? "/", `${asText(protocol) ?? "http:"}//${asText(host) ?? "localhost"}`);
  start(request, url, asText(method), (name, value) => {
    Reflect.apply(setHeader, request, [name, value]);
  });
}

function start(request: object, url: URL, method = "GET", setHeader: (name: string, value: string) => void): void {
  const { tracer, config, contexts } = tracing();
  const active = spanOf(contexts.active())?.spanContext();
  if (!active || !isValidContext(active)) return;
  followRequests();
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
  const carried = carry(span, config, contexts.active());
  for (const name of CARRIED) if (carried?.[name]) setHeader(name, carried[name]);
}

function end(request: object): void {
  spans.get(request)?.end();
}

function recordStatus(request: object, message: Fields): void {
  const span = spans.get(request);
  const status = asObject(message.response)?.statusCode;
  if (!span || typeof status !== "number") return;
  span.setAttribute(HTTP_RESPONSE_STATUS_CODE, status);
  if (status < 400) return;
  span.setAttribute("error.type", String(status));
  span.setStatus({ code: STATUS_ERROR });
}

function fail(request: object, { error }: Fields): void {
  const span = spans.get(request);
  if (!span) return;
  recordError(span, error);
  span.end();
}
