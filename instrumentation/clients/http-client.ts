/** Outgoing requests by `fetch` and `node:http(s)`: which of them are traced. */
import { isSuppressed, spanOf } from "../core/context.ts";
import { loadPart } from "../core/parts.ts";
import { guarded } from "../core/report.ts";
import { shared } from "../core/shared.ts";
import { tracing } from "../core/tracing.ts";
import { FETCH_CREATED, HTTP_CREATED, onRequest } from "./request-channels.ts";
import { traceFetch, traceHttp } from "./traced-requests.ts";

const state = shared("http", () => ({ prepared: false, loaded: false }));

/** Makes every further request inside a span a CLIENT span, and lets it carry the trace. */
export function traceHttpClients(): void {
  if (state.prepared) return;
  state.prepared = true;
  onRequest(FETCH_CREATED, (request) => isTraced() && traceFetch(request));
  onRequest(HTTP_CREATED, (request) => isTraced() && traceHttp(request));
}

/** Loads what {@link traceHttpClients} takes beside on a Node that does not publish {@link HTTP_CREATED}. */
export function prepareHttpClients(): void {
  if (!state.prepared || state.loaded) return;
  state.loaded = true;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return;
  loadPart("tracing of node:http", import("../optional/http-requests.ts"), ({ beforeHeaders }) => {
    beforeHeaders((request) => guarded("tracing a request", () => isTraced() && traceHttp(request)));
  });
}

/** Whether a request that is made now may be part of a trace. */
function isTraced(): boolean {
  const context = tracing().contexts.active();
  return !isSuppressed(context) && spanOf(context) !== undefined;
}
