/**
 * OTLP/HTTP: `POST /v1/traces` in protobuf or JSON.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import { Hono, type Context } from "hono";
import { decompress, tooLargeMessage } from "../ingest/decompress.ts";
import { OtlpError, rpcCode, tooLarge } from "../ingest/errors.ts";
import { requestSizeMaxBytes } from "../ingest/limits.ts";
import { contentTypeOf, exportResponse, statusBody } from "../ingest/otlp-answer.ts";
import type { HeldBytes, OtlpEncoding, Receiver } from "../ingest/receive.ts";

/** What the Node server puts beside a request; absent where the app is called directly. */
interface NodeEnv {
  readonly incoming?: AsyncIterable<Uint8Array>;
}

const ENCODING_OF_TYPE: ReadonlyMap<string, OtlpEncoding> = new Map([
  ["application/x-protobuf", "protobuf"],
  ["application/protobuf", "protobuf"],
  ["application/json", "json"],
]);

/** The routes under `/v1`, to be mounted at the root of the collector's app. */
export function otlpRoutes(receiver: Receiver): Hono {
  const app = new Hono();
  app.post("/v1/traces", (c) => answered(c, receiver, () => receiveTraces(c, receiver)));
  app.all("/v1/traces", (c) => {
    c.header("Allow", "POST");
    return answered(c, receiver, () => {
      throw new OtlpError(`${c.req.method} is not allowed here; POST an ExportTraceServiceRequest`, {
        httpStatus: 405,
        rpcCode: rpcCode.unimplemented,
        reason: "method",
      });
    });
  });
  app.all("/v1/*", (c) =>
    answered(c, receiver, () => {
      throw new OtlpError(`${c.req.path} is not taken by this collector, which takes traces at /v1/traces`, {
        httpStatus: 404,
        rpcCode: rpcCode.unimplemented,
        reason: "path",
      });
    }),
  );
  return app;
}

async function receiveTraces(c: Context, receiver: Receiver): Promise<Response> {
  const encoding = encodingOf(c);
  if (encoding === undefined) {
    const got = c.req.header("content-type")?.slice(0, 100) ?? "none";
    throw new OtlpError(`Content-Type must be application/x-protobuf or application/json, not ${got}`, {
      httpStatus: 415,
      rpcCode: rpcCode.invalidArgument,
      reason: "content-type",
    });
  }
  const held = receiver.hold();
  try {
    const sent = await readBody(c, held);
    const body = await decompress(sent, c.req.header("content-encoding"));
    if (body !== sent) held.add(body.length);
    const received = await receiver.receiveTraces(body, encoding);
    return c.body(exportResponse(received, encoding), 200, { "Content-Type": contentTypeOf(encoding) });
  } finally {
    held.release();
  }
}

/** Runs `work`; an {@link OtlpError} becomes its status code with a `Status` in the request's encoding. */
async function answered(
  c: Context,
  receiver: Receiver,
  work: () => Promise<Response> | Response,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    const refusal = error instanceof OtlpError ? error : internal(error);
    receiver.countRefused(refusal.reason);
    const encoding = encodingOf(c) ?? "json";
    if (refusal.retryAfterS !== undefined) c.header("Retry-After", String(refusal.retryAfterS));
    return c.body(statusBody(refusal, encoding), refusal.httpStatus as 400, {
      "Content-Type": contentTypeOf(encoding),
    });
  }
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

function encodingOf(c: Context): OtlpEncoding | undefined {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  return type === undefined ? undefined : ENCODING_OF_TYPE.get(type);
}

async function readBody(c: Context, held: HeldBytes): Promise<Buffer> {
  if (Number(c.req.header("content-length") ?? 0) > requestSizeMaxBytes) throw tooLarge(tooLargeMessage("body"));
  const { incoming } = (c.env ?? {}) as NodeEnv;
  const source = incoming ?? c.req.raw.body;
  if (!source) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > requestSizeMaxBytes) throw tooLarge(tooLargeMessage("body"));
    held.add(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
