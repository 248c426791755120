/** Who may send: bearer tokens, compared in constant time, and how many spans each of them may send. */
import { createHash, timingSafeEqual } from "node:crypto";
import { OtlpError, rpcCode } from "../ingest/errors.ts";

/** Spans that may come at once after a pause: what an exporter sends of ten quiet seconds. */
const burstS = 10;
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/** What a sender was allowed. */
export interface Grant {
  /** Counts spans that were taken against the sender's rate. */
  spend(spans: number): void;
}

/** Looks at a request's headers before its body is read; throws an {@link OtlpError} to refuse it. */
export type Authorize = (header: (name: string) => string | undefined) => Grant;

/** Who is let in, and how much of each is taken. */
export interface IngestAuthOptions {
  /** One of them must come as `Authorization: Bearer <token>`; none lets every sender in. */
  readonly tokens: readonly string[];
  /** Spans a second for each token, or for all senders together where there is no token; undefined sets no bound. */
  readonly spansPerS?: number | undefined;
  /** The clock, milliseconds; tests set it. */
  readonly now?: () => number;
}

/** The check of a collector's senders; undefined where there is nothing to check. */
export function ingestAuth(options: IngestAuthOptions): Authorize | undefined {
  const { tokens, spansPerS, now = () => performance.now() } = options;
  if (tokens.length === 0 && spansPerS === undefined) return undefined;
  const bucket = () => new TokenBucket(spansPerS ?? Infinity, now);
  const senders = tokens.map((token) => ({ digest: digestOf(token), bucket: bucket() }));
  const everyone = bucket();
  return (header) => {
    const own = tokens.length === 0 ? everyone : bucketOf(senders, header("authorization"));
    if (own === undefined) throw unauthenticated();
    own.admit();
    return own;
  };
}

/** Compares with every token, so that the time taken says nothing about any. */
function bucketOf(
  senders: readonly { readonly digest: Buffer; readonly bucket: TokenBucket }[],
  authorization: string | undefined,
): TokenBucket | undefined {
  const given = digestOf(BEARER.exec(authorization ?? "")?.[1] ?? "");
  let found: TokenBucket | undefined;
  for (const { digest, bucket } of senders) {
    if (timingSafeEqual(digest, given)) found = bucket;
  }
  return found;
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * Fills with time and empties with spans. How many spans a request has is known only once it is taken, so the level
 * may go below zero; the next request then waits until that is made good.
 */
class TokenBucket implements Grant {
  readonly #spansPerS: number;
  readonly #now: () => number;
  #level: number;
  #at: number;

  constructor(spansPerS: number, now: () => number) {
    this.#spansPerS = spansPerS;
    this.#now = now;
    this.#level = spansPerS * burstS;
    this.#at = now();
  }

  /** Throws an {@link OtlpError} 429 while nothing is left. */
  admit(): void {
    if (this.#spansPerS === Infinity) return;
    const now = this.#now();
    const gained = ((now - this.#at) / 1000) * this.#spansPerS;
    this.#level = Math.min(this.#level + gained, this.#spansPerS * burstS);
    this.#at = now;
    if (this.#level <= 0) throw tooMany(this.#spansPerS, Math.ceil((1 - this.#level) / this.#spansPerS));
  }

  spend(spans: number): void {
    this.#level -= spans;
  }
}

function unauthenticated(): OtlpError {
  return new OtlpError("a token is needed: send one of HOPSCOPE_INGEST_TOKENS as `Authorization: Bearer <token>`", {
    httpStatus: 401,
    rpcCode: rpcCode.unauthenticated,
    reason: "unauthenticated",
  });
}

function tooMany(spansPerS: number, retryAfterS: number): OtlpError {
  return new OtlpError(`more than ${String(spansPerS)} spans a second (HOPSCOPE_INGEST_SPANS_PER_S)`, {
    httpStatus: 429,
    rpcCode: rpcCode.resourceExhausted,
    reason: "rate",
    retryAfterS,
  });
}
