/**
 * The diagnostics channels that Node publishes outgoing requests on: nothing is patched and nothing is loaded for
 * them, but on Node before 22.12.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 * @see https://github.com/nodejs/undici/blob/main/docs/docs/api/DiagnosticsChannel.md
 */
import { subscribe } from "node:diagnostics_channel";
import { guarded } from "../core/report.ts";
import type { Fields } from "../events/event-source.ts";

/** Where `fetch` says that it made a request. */
export const FETCH_CREATED = "undici:request:create";
/** Where `node:http(s)` does. */
export const HTTP_CREATED = "http.client.request.created";

/** Calls `listener` with each request, and what is said of it, on the diagnostics channel `name`. */
export function onRequest(name: string, listener: (request: object, message: Fields) => unknown): void {
  subscribe(name, (message) => {
    const fields = (message ?? {}) as Fields;
    const { request } = fields;
    if (typeof request === "object" && request) guarded("tracing a request", () => listener(request, fields));
  });
}
