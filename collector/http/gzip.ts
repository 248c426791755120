/** Compresses answers for readers on a network: spans as JSON shrink to a tenth. On this machine they go plain. */
import { Duplex } from "node:stream";
import { constants, createGzip } from "node:zlib";
import type { HttpBindings } from "@hono/node-server";
import type { Context, MiddlewareHandler } from "hono";

/** What goes in one packet is no sooner there when it is less, bytes. */
export const GZIP_LEAST_BYTES = 1_400;
/** The fastest: the next ones take twice as long for a tenth less. */
const LEVEL = 1;
/** What the compressor hands on at once, bytes; its 16 KiB make hundreds of pieces of a big flow. */
const PIECE_BYTES = 64 * 1024;
/** Not `text/event-stream`: an event is small, and wanted at once. */
const COMPRESSED_TYPE = /^(?:application\/json|text\/(?:plain|html))\b/;

/**
 * Compresses what is JSON or text, large enough, and goes to another machine, or through a proxy that names its reader.
 * Pieces of an answer are sent as they come. Hono's own compresses whatever has no Content-Length, at the level that
 * takes three times as long, and holds pieces back.
 */
export const gzip: MiddlewareHandler = async (context, next) => {
  await next();
  const { headers, body } = context.res;
  if (!COMPRESSED_TYPE.test(headers.get("Content-Type") ?? "") || headers.has("Content-Encoding")) return;
  context.header("Vary", "Accept-Encoding", { append: true });
  if (body === null || context.req.method === "HEAD" || isLocal(context) || !takesGzip(context)) return;
  const { isSmall, whole } = await looked(body);
  if (isSmall) {
    context.res = new Response(whole, context.res);
    return;
  }
  const compressor = createGzip({ level: LEVEL, chunkSize: PIECE_BYTES, flush: constants.Z_SYNC_FLUSH });
  context.res = new Response(whole.pipeThrough(Duplex.toWeb(compressor)), context.res);
  context.res.headers.set("Content-Encoding", "gzip");
  context.res.headers.delete("Content-Length");
};

/** Between programs of one machine, compressing takes longer than what it spares. */
function isLocal({ req, env }: Context): boolean {
  if (req.header("x-forwarded-for") !== undefined || req.header("forwarded") !== undefined) return false;
  // Of a request that came over no socket there is none.
  const { incoming } = (env ?? {}) as Partial<HttpBindings>;
  return incoming === undefined || /^(?:(?:::ffff:)?127\.|::1$)/.test(incoming.socket.remoteAddress ?? "");
}

/** Whether the request has gzip, or anything, among its encodings, and does not refuse it. */
function takesGzip({ req }: Context): boolean {
  const offers = (req.header("accept-encoding") ?? "").toLowerCase().split(",").map((offer) => offer.split(";"));
  const named = (name: string) => offers.find(([encoding]) => encoding?.trim() === name);
  const offer = named("gzip") ?? named("*");
  return offer !== undefined && !/^q=0(?:\.0*)?$/.test(offer[1]?.trim() ?? "");
}

type Bytes = ReadableStream<Uint8Array>;

/** Whether the body is too small to be compressed, and the body, of which its first piece was read for that. */
async function looked(body: Bytes): Promise<{ readonly isSmall: boolean; readonly whole: Bytes }> {
  const reader = body.getReader();
  const { done, value: first } = await reader.read();
  const whole = new ReadableStream<Uint8Array>({
    start(controller) {
      if (first) controller.enqueue(first);
      if (done) controller.close();
    },
    async pull(controller) {
      const { done: isEnd, value } = await reader.read();
      if (isEnd) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { isSmall: done || first.length < GZIP_LEAST_BYTES, whole };
}
