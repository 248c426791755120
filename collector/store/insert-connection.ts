/** Inserts of Native blocks: one POST each, on a connection that stays open, with the bytes as they lie in memory. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { authorizationOf } from "./authorization.ts";
import type { Endpoint } from "./embedded.ts";
import { isRetryableCode } from "./retryable.ts";
import { messageMaxLength, unreachable } from "./server-answer.ts";
import { StoreError } from "./store.ts";

/** One segment with all its views; a store that needs longer is overloaded and gets a repeat, ms. */
const insertTimeoutMs = 120_000;
/** Rows and bytes up to which a segment stays one block, and so one part a partition: more than any segment has. */
const blockRowsMax = 4_000_000;
const blockBytesMax = 1024 ** 3;

const INSERT_SETTINGS: Record<string, string> = {
  async_insert: "0",
  insert_deduplicate: "1",
  // The token counts in the tables that views feed, too.
  deduplicate_blocks_in_dependent_materialized_views: "1",
  // On a cluster, taken means taken by every shard; a repeat goes to the same shards, where the token holds.
  distributed_foreground_insert: "1",
  load_balancing: "in_order",
  // Each view is one pass over the same block: on two cores an insert with all of them is a third shorter.
  parallel_view_processing: "1",
  // Views group what they make: merging that once more as it is written costs a tenth of an insert.
  optimize_on_insert: "0",
  // A repeat must be cut into the same blocks as the first try.
  max_insert_threads: "1",
  min_insert_block_size_rows: String(blockRowsMax),
  min_insert_block_size_bytes: String(blockBytesMax),
  // A long retention with late spans may touch many days; each costs a part, none may reject the segment.
  max_partitions_per_insert_block: "0",
  max_execution_time: String(insertTimeoutMs / 1000),
};

/** Inserts into one database. */
export class InsertConnection {
  readonly #endpoint: () => Endpoint;
  readonly #database: string;
  readonly #http = new HttpAgent({ keepAlive: true, noDelay: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  constructor(endpoint: () => Endpoint, database: string) {
    this.#endpoint = endpoint;
    this.#database = database;
  }

  /**
   * Sends `blocks` as the body of one `INSERT ... FORMAT Native`.
   *
   * @throws StoreError where the server refused them or did not answer in time
   */
  async insert(table: string, blocks: readonly Uint8Array[], token: string): Promise<void> {
    const endpoint = this.#endpoint();
    const target = new URL(endpoint.url);
    for (const [name, value] of Object.entries(INSERT_SETTINGS)) target.searchParams.set(name, value);
    target.searchParams.set("database", this.#database);
    target.searchParams.set("insert_deduplication_token", token);
    target.searchParams.set("query", `INSERT INTO ${table} FORMAT Native`);
    const secure = target.protocol === "https:";
    await new Promise<void>((settle, fail) => {
      const request = (secure ? httpsRequest : httpRequest)(target, {
        method: "POST",
        agent: secure ? this.#https : this.#http,
        timeout: insertTimeoutMs,
        headers: {
          Authorization: authorizationOf(endpoint),
          "Content-Type": "application/octet-stream",
          "Content-Length": blocks.reduce((sum, block) => sum + block.byteLength, 0),
        },
      });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${String(insertTimeoutMs)} ms`)));
      request.on("error", (error) => fail(unreachable(error)));
      request.on("response", (response) => void readAnswer(response).then(settle, fail));
      for (const block of blocks) request.write(block);
      request.end();
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** Reads the answer to its end, as a connection with an unread one stalls the next insert. */
async function readAnswer(response: IncomingMessage): Promise<void> {
  let text = "";
  response.setEncoding("utf8");
  try {
    for await (const chunk of response) {
      if (text.length < messageMaxLength) text += String(chunk);
    }
  } catch (error) {
    throw unreachable(error);
  }
  const header = response.headers["x-clickhouse-exception-code"];
  if (response.statusCode === 200 && header === undefined && !text.includes("DB::Exception")) return;
  const code = Number(header ?? /Code: (\d+)/.exec(text)?.[1] ?? 0);
  const message = text.trim().slice(0, messageMaxLength) || `HTTP ${String(response.statusCode)}`;
  throw new StoreError(message, { retryable: code === 0 || isRetryableCode(code), code });
}
