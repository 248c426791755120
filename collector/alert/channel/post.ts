/** One POST to a checked address: no redirects, bounded in time and in what is read of the answer. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { checkUrl, guardedLookup, resolveTarget } from "./guard.ts";

/** A receiver that needs longer has not taken it; milliseconds. */
export const SEND_TIMEOUT_MS = 10_000;
/** Of an answer, read for the error message; bytes. */
const ANSWER_BYTES_MAX = 2_000;
/** A receiver may ask for no longer pause than this, milliseconds. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/** What goes with the body, and whether loopback and private addresses are let through. */
export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly allowPrivate: boolean;
}

/** Outcome of one try. `retryAfterMs` is what the receiver asked for. */
export type SendResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: string; readonly retryAfterMs?: number };

/** Posts a body; never throws. A status of 2xx is success, a redirect is not followed. */
export async function post(
  target: string,
  body: string,
  { headers = {}, allowPrivate }: PostOptions,
): Promise<SendResult> {
  try {
    const url = checkUrl(target);
    // A host that is an address is not looked up by the socket, so it is checked here in any case.
    await resolveTarget(url.hostname, allowPrivate);
    const response = await exchange(url, body, headers, allowPrivate);
    const answer = await readAnswer(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return { ok: true };
    const retryAfterMs = parseRetryAfter(response.headers["retry-after"]);
    const redirect = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
    return {
      ok: false,
      error: `answered ${status}${redirect}${answer === "" ? "" : `: ${answer}`}`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function exchange(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  allowPrivate: boolean,
): Promise<IncomingMessage> {
  return new Promise((settle, fail) => {
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
      method: "POST",
      headers: { "user-agent": "Hopscope", ...headers, "content-length": Buffer.byteLength(body) },
      lookup: guardedLookup(allowPrivate),
      agent: false,
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    request.on("error", (error) =>
      fail(
        error.name === "AbortError" || error.name === "TimeoutError"
          ? new Error(`no answer within ${SEND_TIMEOUT_MS} ms`)
          : error,
      ),
    );
    request.on("response", settle);
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= ANSWER_BYTES_MAX) break;
  }
  response.destroy();
  return Buffer.concat(chunks).toString("utf8", 0, 200).trim();
}

/** Milliseconds of a Retry-After: seconds, or a date. */
export function parseRetryAfter(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS);
}
