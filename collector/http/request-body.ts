/** Bodies of requests as they come from Node's parser, gathered with as few copies and allocations as can be. */
import type { IncomingMessage } from "node:http";
import { tooLargeMessage } from "../ingest/decompress.ts";
import { OtlpError, rpcCode, tooLarge } from "../ingest/errors.ts";
import { requestSizeMaxBytes } from "../ingest/limits.ts";
import type { HeldBytes } from "../ingest/receive.ts";

/** What most bodies fit into, bytes; 512 spans of 12 attributes have 260,000, and in JSON 530,000. */
const pooledSizeBytes = 1024 * 1024;
/** Buffers kept between requests: more than are filled at a time under load, and 16 MiB at most. */
const pooledMax = 16;

/** A body, which is only valid until it is released. */
export interface RequestBody {
  readonly bytes: Buffer;
  release(): void;
}

const NOTHING = Buffer.alloc(0);

/** The last one given back is taken first, as the caches still hold it. */
const pool: Buffer[] = [];

/**
 * Reads the body to its end, and counts it in `held` as it comes.
 *
 * @param invite called before a byte is read, where the client may send the body
 * @throws OtlpError 413 too large, 400 where the client hung up before the end
 */
export function readBody(request: IncomingMessage, held: HeldBytes, invite: () => void): Promise<RequestBody> {
  return new Promise((settle, fail) => {
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared > requestSizeMaxBytes) return fail(tooLarge(tooLargeMessage("body")));
    invite();
    const gathered = new Gathered();
    const stop = (error: unknown) => {
      gathered.release();
      request.removeAllListeners("data");
      fail(error instanceof Error ? error : new Error(String(error)));
    };
    request.on("data", (chunk: Buffer) => {
      try {
        if (gathered.size + chunk.length > requestSizeMaxBytes) throw tooLarge(tooLargeMessage("body"));
        held.add(chunk.length);
        gathered.add(chunk, declared);
      } catch (error) {
        stop(error);
      }
    });
    request.on("end", () => settle(gathered));
    request.on("error", (error) => stop(hungUp(error)));
  });
}

function hungUp(cause: Error): OtlpError {
  const form = { httpStatus: 400, rpcCode: rpcCode.invalidArgument, reason: "hung-up", cause } as const;
  return new OtlpError("the body ended before its length", form);
}

/** Pieces of one body, in the only piece there is, or in a pooled buffer, or in one of its own where it is larger. */
class Gathered implements RequestBody {
  size = 0;
  #bytes: Buffer = NOTHING;
  #pooled: Buffer | undefined;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  /** `declared` is the Content-Length, 0 where there is none. */
  add(chunk: Buffer, declared: number): void {
    if (this.size === 0 && chunk.length === declared) {
      this.#bytes = chunk;
      this.size = chunk.length;
      return;
    }
    const wanted = this.size + chunk.length;
    if (wanted > this.#bytes.length) this.#grow(wanted, declared);
    this.#bytes.set(chunk, this.size);
    this.size = wanted;
  }

  release(): void {
    if (this.#pooled && pool.length < pooledMax) pool.push(this.#pooled);
    this.#pooled = undefined;
    this.#bytes = NOTHING;
    this.size = 0;
  }

  #grow(wanted: number, declared: number): void {
    const before = this.#bytes;
    if (wanted <= pooledSizeBytes) {
      this.#pooled = pool.pop() ?? Buffer.allocUnsafeSlow(pooledSizeBytes);
      this.#bytes = this.#pooled;
    } else {
      const doubled = Math.max(wanted, 2 * before.length);
      this.#bytes = Buffer.allocUnsafeSlow(declared >= wanted ? Math.min(doubled, declared) : doubled);
    }
    before.copy(this.#bytes, 0, 0, this.size);
    if (wanted <= pooledSizeBytes) return;
    if (before.length > pooledSizeBytes) return free(before);
    if (this.#pooled === undefined) return;
    if (pool.length < pooledMax) pool.push(this.#pooled);
    this.#pooled = undefined;
  }
}

/** Gives memory back at once, where it would wait for a collection that an idle collector may not need for long. */
function free({ buffer }: Buffer): void {
  // Node 20 has it not.
  (buffer as { transfer?: (sizeBytes: number) => unknown }).transfer?.(0);
}
