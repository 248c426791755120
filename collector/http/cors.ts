/**
 * Which pages may send from a browser (CORS): origins that the settings name, for OTLP alone. The query API is read by
 * its own pages.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** Of a preflight, seconds: what Chromium keeps one for at most. */
const preflightMaxAgeS = 7_200;
/** What a preflight allows where it asks for no headers by name. */
const HEADERS_DEFAULT = "content-type";

/** Names the page's origin in an answer, where it may send; true where the request was a preflight, and is answered. */
export type Cors = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Lets no page of another origin send: browsers go by what an answer does not say. */
export const noCors: Cors = () => false;

/**
 * The check for `origins`: `https://shop.example.com`, with one `*` in it for any number of characters, or `*` alone.
 * Credentials are allowed, as `navigator.sendBeacon` always sends them; the routes of OTLP look at none but the token.
 */
export function corsFor(origins: readonly string[] | undefined): Cors {
  if (origins === undefined) return noCors;
  const patterns = origins.map(patternOf);
  return (request, response) => {
    response.setHeader("Vary", "Origin");
    const { origin } = request.headers;
    const isPreflight = request.method === "OPTIONS" && "access-control-request-method" in request.headers;
    if (origin !== undefined && patterns.some((pattern) => pattern.test(origin))) {
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Access-Control-Allow-Credentials", "true");
      if (isPreflight) allow(request, response);
      else response.setHeader("Access-Control-Expose-Headers", "Retry-After");
    }
    if (isPreflight) response.writeHead(204).end();
    return isPreflight;
  };
}

function allow(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers["access-control-request-headers"];
  response.setHeader("Access-Control-Allow-Methods", "POST");
  response.setHeader("Access-Control-Allow-Headers", asked ?? HEADERS_DEFAULT);
  response.setHeader("Access-Control-Max-Age", String(preflightMaxAgeS));
}

function patternOf(origin: string): RegExp {
  return new RegExp(`^${origin.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replace("*", ".*")}$`, "i");
}
