/** The {@link Store} over HTTP: queries and DDL with their bounds, rows out of the answers, inserts as bytes. */
import type { Endpoint } from "./embedded.ts";
import { InsertConnection } from "./insert-connection.ts";
import { nativeBlocks } from "./native-answer.ts";
import { QueryConnection } from "./query-connection.ts";
import { cutOf, cutOfError } from "./query-cut.ts";
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
  async function ask(format: string, { sql, params, options = {} }: Asked): Promise<Buffer> {
    const { signal, onCut } = options;
    const limits = limitsOf(options);
    const timeoutMs = limits.timeS * 1000 + answerMarginMs;
    try {
      const settings = { ...querySettings(limits, onCut !== undefined), default_format: format };
      const { body, summary } = await queries.ask({ sql, params, settings, timeoutMs, isRead: true, signal });
      if (body.length === 0 && format === ROWS_FORMAT) throw new StoreError(EMPTY_ANSWER, { retryable: true });
      const cut = onCut && cutOf(summary, limits);
      if (cut) onCut(cut);
      return body;
    } catch (error) {
      const cut = onCut && error instanceof StoreError && cutOfError(error.code, limits);
      if (!cut) throw error;
      onCut(cut);
      return Buffer.alloc(0);
    }
  }

  return {
    async query<Row>(sql: string, params?: Record<string, unknown>, options?: RowOptions<Row>): Promise<Row[]> {
      const body = await ask(ROWS_FORMAT, { sql, params, options });
      return toRows(body.toString("utf8"), options?.onRow);
    },
    async queryBlocks(sql, params, options) {
      return [...nativeBlocks(await ask("Native", { sql, params, options }))];
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

/** Rows out of lines of JSON, the first of which has the columns' names; none where `onRow` takes them. */
function toRows<Row>(text: string, onRow?: (row: Row) => void): Row[] {
  const rows: Row[] = [];
  const take = onRow ?? ((row) => rows.push(row));
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
  }
  return rows;
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

/**
 * Where there are no rows, there are the columns' names at least: a server that has no room for the file into which a
 * long answer goes sends an empty one, and calls it a success.
 */
const EMPTY_ANSWER = "ClickHouse's answer is empty, as from a server whose disk is full";

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
