/** The {@link Store} over HTTP: queries and DDL with their bounds, rows out of the answers, inserts as bytes. */
import type { Endpoint } from "./embedded.ts";
import { InsertConnection } from "./insert-connection.ts";
import { nativeBlocks, type NativeBlock } from "./native-answer.ts";
import { QueryConnection } from "./query-connection.ts";
import { cutOf, cutOfError, resultRowsOf } from "./query-cut.ts";
import { StoreError, type QueryBounds, type QueryOptions, type RowOptions, type Store } from "./store.ts";

/** Where a query names no bound of its own. */
const QUERY_TIME_DEFAULT_S = 30;
const QUERY_MEMORY_DEFAULT_BYTES = 1024 ** 3;
/** What the server may overrun its own time limit by before this side gives up on it, ms. */
const answerMarginMs = 5_000;
/** Of an answer, kept in memory: what is longer goes through a file, as all of them would without it. */
const answerBufferBytes = 8 * 1024 ** 2;
/** DDL, for which a cluster waits for all its replicas, ms. */
const commandTimeoutMs = 180_000;

/** Which server, and which of its databases. */
export interface ConnectionOptions {
  /** Asked before every call, as the embedded server may come back on another port. */
  readonly endpoint: () => Endpoint;
  readonly database: string;
}

interface Answer {
  readonly body: Buffer;
  /** As the server counted them. */
  readonly rows: number;
}

interface Asked {
  readonly sql: string;
  readonly params: Record<string, unknown> | undefined;
  readonly options: QueryOptions | undefined;
}

/** A {@link Store} on the server at `endpoint`; connects when first used. */
export function connectStore({ endpoint, database }: ConnectionOptions): Store {
  const queries = new QueryConnection(endpoint, database);
  const inserts = new InsertConnection(endpoint, database);

  /** The answer in this format; nothing where a bound left none of it. */
  async function ask(format: string, { sql, params, options = {} }: Asked): Promise<Answer> {
    const { signal, onCut } = options;
    const limits = limitsOf(options);
    const timeoutMs = limits.timeS * 1000 + answerMarginMs;
    try {
      const settings = { ...querySettings(limits, onCut !== undefined), default_format: format };
      const { body, summary } = await queries.ask({ sql, params, settings, timeoutMs, isRead: true, signal });
      const cut = onCut && cutOf(summary, limits);
      if (cut) onCut(cut);
      // Where there are no rows, there are the columns' names at least, but of what was broken off before its first.
      else if (body.length === 0 && format === ROWS_FORMAT) throw cutShort();
      return { body, rows: resultRowsOf(summary) };
    } catch (error) {
      const cut = onCut && error instanceof StoreError && cutOfError(error.code, limits);
      if (!cut) throw error;
      onCut(cut);
      return { body: Buffer.alloc(0), rows: 0 };
    }
  }

  return {
    async query<Row>(sql: string, params?: Record<string, unknown>, options?: RowOptions<Row>): Promise<Row[]> {
      const rows: Row[] = [];
      const take = options?.onRow ?? ((row: Row) => rows.push(row));
      readWhole(await ask(ROWS_FORMAT, { sql, params, options }), (body) => takeRows(body.toString("utf8"), take));
      return rows;
    },
    async queryBlocks(sql, params, options) {
      const blocks: NativeBlock[] = [];
      readWhole(await ask("Native", { sql, params, options }), (body) => {
        blocks.push(...nativeBlocks(body));
        return blocks.reduce((sum, block) => sum + block.rows, 0);
      });
      return blocks;
    },
    async command(sql, params) {
      const timeoutMs = commandTimeoutMs + answerMarginMs;
      await queries.ask({ sql, params, settings: COMMAND_SETTINGS, timeoutMs, isRead: false });
    },
    insertNative: (table, blocks, token) => inserts.insert(table, blocks, token),
    close() {
      inserts.close();
      queries.close();
      return Promise.resolve();
    },
  };
}

/**
 * Reads an answer with `read`, which says how many rows it was. A server that has no room for the file into which a
 * long answer goes sends what fits its buffer, or nothing, and calls it a success: then it counted more rows.
 */
function readWhole({ body, rows }: Answer, read: (body: Buffer) => number): void {
  let seen = 0;
  try {
    seen = read(body);
  } catch (error) {
    // It may end anywhere in a row.
    throw seen < rows && body.length >= answerBufferBytes ? cutShort(error) : error;
  }
  if (seen < rows) throw cutShort();
}

function cutShort(cause?: unknown): StoreError {
  return new StoreError("ClickHouse's answer is cut short, as by a server whose disk is full", { retryable: true, cause });
}

/** Hands on rows out of lines of JSON, the first of which has the columns' names; how many they are. */
function takeRows<Row>(text: string, take: (row: Row) => void): number {
  let count = 0;
  // A copy of a row that has all its columns is made in one step, where an empty one grows with each of them.
  let names: string[] | undefined;
  let blank: Record<string, unknown> = {};
  // A line ends nowhere but between rows: inside of texts it is escaped. One at a time, its values are soon forgotten.
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const values = JSON.parse(text.slice(start, end)) as unknown[];
    if (names === undefined) {
      names = values as string[];
      blank = Object.fromEntries(names.map((name) => [name, undefined]));
      continue;
    }
    const row = { ...blank };
    for (let at = 0; at < names.length; at += 1) row[names[at] as string] = values[at];
    take(row as Row);
    count += 1;
  }
  return count;
}

function limitsOf({ bounds = {} }: QueryOptions = {}): Required<QueryBounds> {
  return {
    timeS: bounds.timeS ?? QUERY_TIME_DEFAULT_S,
    rowsRead: bounds.rowsRead ?? Infinity,
    memoryBytes: bounds.memoryBytes ?? QUERY_MEMORY_DEFAULT_BYTES,
  };
}

const COMMAND_SETTINGS: Readonly<Record<string, string>> = {
  wait_end_of_query: "1",
  max_execution_time: String(commandTimeoutMs / 1000),
  // Written means written to the shards.
  distributed_foreground_insert: "1",
  load_balancing: "in_order",
};

/** Unlike a whole JSON document it is well-formed where the server broke off. */
const ROWS_FORMAT = "JSONCompactEachRowWithNames";

const QUERY_SETTINGS: Readonly<Record<string, string>> = {
  // Reads may change settings and nothing else; only such a query ends on the server when its reader goes away.
  readonly: "2",
  cancel_http_readonly_queries_on_client_close: "1",
  // On a cluster: what a query looks up in another distributed table is gathered from all shards, and of a shard's
  // replicas the first that answers is asked, as what was just written is there.
  distributed_product_mode: "global",
  load_balancing: "in_order",
  // `SELECT *` of spans means what is worked out of the resource, too.
  asterisk_include_alias_columns: "1",
  output_format_json_quote_64bit_integers: "1",
  // NaN and the infinities as "nan", "inf" and "-inf"; without it they would all be null.
  output_format_json_quote_denormals: "1",
  // An error after the first rows then is an error of the call, never a short answer taken for a whole one.
  wait_end_of_query: "1",
  http_response_buffer_size: String(answerBufferBytes),
};

function querySettings(
  { timeS, rowsRead, memoryBytes }: Required<QueryBounds>,
  isCut: boolean,
): Record<string, string> {
  return {
    ...QUERY_SETTINGS,
    max_execution_time: String(timeS),
    max_memory_usage: String(memoryBytes),
    ...(rowsRead !== Infinity && { max_rows_to_read: String(rowsRead) }),
    ...(isCut && { timeout_overflow_mode: "break", read_overflow_mode: "break" }),
  };
}
