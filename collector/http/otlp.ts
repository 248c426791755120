/**
 * OTLP/HTTP: `POST /v1/traces` in protobuf or JSON, on Node's own request and response, as this route carries nearly
 * all of the collector's traffic. `/v1/metrics` takes what the wrapper counts, and nothing else.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { CONTENT_ENCODINGS, decompress } from "../ingest/decompress.ts";
import { OtlpError, rpcCode, unavailable } from "../ingest/errors.ts";
import { contentTypeOf, exportResponse, statusBody } from "../ingest/otlp-answer.ts";
import type { HeldBytes, Receiver } from "../ingest/receive.ts";
import type { OtlpEncoding, Received } from "../ingest/received.ts";
import { noCors, type Cors } from "./cors.ts";
import type { Authorize } from "./ingest-auth.ts";
import { readBody } from "./request-body.ts";
import type { FirstHandler } from "./serve.ts";
import { answerAndLinger, mustClose } from "./unread-body.ts";

const PREFIX = "/v1/";
const TRACES_PATH = "/v1/traces";
const METRICS_PATH = "/v1/metrics";
const ENCODING_OF_TYPE: ReadonlyMap<string, OtlpEncoding> = new Map([
  ["application/x-protobuf", "protobuf"],
  ["application/protobuf", "protobuf"],
  ["application/json", "json"],
]);

/** Whom the routes let in. */
export interface OtlpOptions {
  /** Who may send, asked before a request's body is read; absent lets everyone in. */
  readonly authorize?: Authorize | undefined;
  /** Pages of which origins may send (`corsFor`); absent, those of none. */
  readonly cors?: Cors | undefined;
}

/** Answers everything under `/v1/`, and leaves the rest to the app. */
export function otlpHandler(receiver: Receiver, options: OtlpOptions = {}): FirstHandler {
  const { cors = noCors } = options;
  return (request, response) => {
    const path = pathOf(request.url ?? "");
    if (!path.startsWith(PREFIX)) return false;
    if (cors(request, response)) return true;
    void answer(receiver, options, path, request, response);
    return true;
  };
}

/** Answers everything under `/v1/` while nothing can be taken yet: 503, to come again. */
export function otlpStartingHandler(retryAfterS: number, cors: Cors = noCors): FirstHandler {
  const refusal = unavailable("the collector is starting", retryAfterS, "store");
  return (request, response) => {
    if (!pathOf(request.url ?? "").startsWith(PREFIX)) return false;
    if (!cors(request, response)) refuse(request, response, refusal, encodingOf(request));
    return true;
  };
}

/** Answers; an {@link OtlpError} becomes its status code with a `Status` in the request's encoding. */
async function answer(
  receiver: Receiver,
  { authorize }: OtlpOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const encoding = encodingOf(request);
  const held = receiver.hold();
  try {
    const grant = authorize?.((name) => headerOf(request, name));
    const reading = { held, invite: () => invite(request, response) };
    const received = await receive(receiver, path, request, encoding, reading);
    grant?.spend(received.accepted);
    const member = path === METRICS_PATH ? "rejectedDataPoints" : "rejectedSpans";
    send(response, 200, received.encoding, exportResponse(received, received.encoding, member));
  } catch (error) {
    const refusal = error instanceof OtlpError ? error : internal(error);
    receiver.countRefused(refusal.reason);
    refuse(request, response, refusal, encoding);
  } finally {
    held.release();
  }
}

async function receive(
  receiver: Receiver,
  path: string,
  request: IncomingMessage,
  encoding: OtlpEncoding | undefined,
  { held, invite }: { readonly held: HeldBytes; readonly invite: () => void },
): Promise<Received & { readonly encoding: OtlpEncoding }> {
  const isMetrics = path === METRICS_PATH;
  if (path !== TRACES_PATH && !isMetrics) throw notTaken(path);
  if (request.method !== "POST") throw notAllowed(request.method ?? "", isMetrics ? "Metrics" : "Trace");
  if (encoding === undefined) throw unknownType(headerOf(request, "content-type"));
  if (!isMetrics) receiver.admit();
  const sent = await readBody(request, held, invite);
  try {
    const { bytes } = sent;
    const encoded = headerOf(request, "content-encoding");
    const body = encoded === undefined ? bytes : await decompress(bytes, encoded, held.add);
    if (isMetrics) {
      const counted = await receiver.receiveMetrics(body, encoding);
      if (counted === undefined) throw notTaken(path);
      return { ...counted, encoding };
    }
    const received = receiver.receiveTraces(body, encoding);
    // Its bytes are read: the next request finds their memory in the caches.
    sent.release();
    return { ...(await received), encoding };
  } finally {
    sent.release();
  }
}

/** Whether the client keeps its body back until it is asked for it. */
function isWaiting({ headers }: IncomingMessage): boolean {
  return headers.expect !== undefined;
}

/** Asks for the body; the client waits no longer. */
function invite(request: IncomingMessage, response: ServerResponse): void {
  if (!isWaiting(request)) return;
  delete request.headers.expect;
  response.writeContinue();
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: OtlpError,
  encoding: OtlpEncoding = "json",
): void {
  if (refusal.retryAfterS !== undefined) response.setHeader("Retry-After", String(refusal.retryAfterS));
  if (refusal.httpStatus === 405) response.setHeader("Allow", "POST");
  if (refusal.httpStatus === 401) response.setHeader("WWW-Authenticate", "Bearer");
  if (refusal.reason === "content-encoding") response.setHeader("Accept-Encoding", CONTENT_ENCODINGS.join(", "));
  const body = statusBody(refusal, encoding);
  if (isWaiting(request)) {
    // Nobody knows whether the body still comes, so no other request can follow.
    response.setHeader("Connection", "close");
  } else if (mustClose(request)) {
    response.setHeader("Connection", "close");
    if (sendHead(response, refusal.httpStatus, encoding, body.length)) answerAndLinger(request, response, body);
    return;
  }
  send(response, refusal.httpStatus, encoding, body);
  // Of a body that nobody wants any more, so that the client gets to read the answer.
  request.resume();
}

function send(response: ServerResponse, status: number, encoding: OtlpEncoding, body: Uint8Array): void {
  if (!sendHead(response, status, encoding, body.length)) return;
  // Taken whole has no body in protobuf: its head is one write, where an empty body makes it two pieces.
  if (body.length === 0) response.end();
  else response.end(body);
}

/** False where the client is gone. */
function sendHead(response: ServerResponse, status: number, encoding: OtlpEncoding, sizeBytes: number): boolean {
  if (response.destroyed || response.headersSent) return false;
  response.writeHead(status, { "Content-Type": contentTypeOf(encoding), "Content-Length": sizeBytes });
  return true;
}

function notTaken(path: string): OtlpError {
  const taken = path === METRICS_PATH ? ", and of metrics the counts of the package hopscope alone" : "";
  return new OtlpError(`${path} is not taken by this collector, which takes traces at ${TRACES_PATH}${taken}`, {
    httpStatus: 404,
    rpcCode: rpcCode.unimplemented,
    reason: "path",
  });
}

function notAllowed(method: string, signal: "Trace" | "Metrics"): OtlpError {
  return new OtlpError(`${method} is not allowed here; POST an Export${signal}ServiceRequest`, {
    httpStatus: 405,
    rpcCode: rpcCode.unimplemented,
    reason: "method",
  });
}

function unknownType(type: string | undefined): OtlpError {
  const got = type?.slice(0, 100) ?? "none";
  return new OtlpError(`Content-Type must be application/x-protobuf or application/json, not ${got}`, {
    httpStatus: 415,
    rpcCode: rpcCode.invalidArgument,
    reason: "content-type",
  });
}

/** A fault of ours may be gone by the next try, and 503 is what clients try again; they drop what gets a 500. */
function internal(error: unknown): OtlpError {
  return new OtlpError(`the collector failed: ${error instanceof Error ? error.message : String(error)}`, {
    httpStatus: 503,
    rpcCode: rpcCode.unavailable,
    reason: "internal",
    retryAfterS: 5,
    cause: error,
  });
}

function encodingOf(request: IncomingMessage): OtlpEncoding | undefined {
  const type = headerOf(request, "content-type");
  // As exporters write it.
  const encoding = ENCODING_OF_TYPE.get(type ?? "");
  if (encoding !== undefined || type === undefined) return encoding;
  return ENCODING_OF_TYPE.get(type.split(";")[0]?.trim().toLowerCase() ?? "");
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()];
  return typeof value === "string" ? value : value?.[0];
}

/**
 * The path of a request's target, which is most often a path, and from proxies a URL. A slash too many is taken, as
 * settings of exporters have it at the end of an address, or in front of the path that they add to one.
 */
function pathOf(target: string): string {
  if (target === TRACES_PATH) return target;
  if (!target.startsWith("/")) return URL.canParse(target) ? pathOf(new URL(target).pathname) : "";
  const path = target.split("?", 1)[0] ?? "";
  return path.replace(/^\/+/, "/").replace(/(?<=[^/])\/+$/, "");
}
