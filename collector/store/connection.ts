/** The {@link Store} over HTTP: queries and DDL through `@clickhouse/client`, inserts as the bytes they are. */
import { ClickHouseError, createClient, type ClickHouseClient, type ClickHouseSettings } from "@clickhouse/client";
import type { Endpoint } from "./embedded.ts";
import { InsertConnection } from "./insert-connection.ts";
import { cutOf, cutOfError } from "./query-cut.ts";
import { isRetryableCode } from "./retryable.ts";
import { StoreError, type QueryBounds, type QueryOptions, type RowOptions, type Store } from "./store.ts";

/** Where a query names no bound of its own. */
const QUERY_TIME_DEFAULT_S = 30;
const QUERY_MEMORY_DEFAULT_BYTES = 1024 ** 3;
/** What the server may overrun its own time limit by before this side gives up on it, ms. */
const answerMarginMs = 5_000;
/** DDL, for which a cluster waits for all its replicas, ms. */
const commandTimeoutMs = 180_000;
/** Queries and DDL at a time; more wait here, so that the server's own limit is never the answer to a reader. */
const connectionsMax = 32;

/** Which server, and which of its databases. */
export interface ConnectionOptions {
  /** Asked before every call, as the embedded server may come back on another port. */
  readonly endpoint: () => Endpoint;
  readonly database: string;
}

/** A {@link Store} on the server at `endpoint`; connects when first used. */
export function connectStore({ endpoint, database }: ConnectionOptions): Store {
  let client: ClickHouseClient | undefined;
  let clientUrl = "";
  const inserts = new InsertConnection(endpoint, database);

  function clientNow(): ClickHouseClient {
    const { url, username, password } = endpoint();
    if (client && clientUrl === url) return client;
    void client?.close();
    clientUrl = url;
    client = createClient({
      url,
      username,
      password,
      database,
      application: "hopscope",
      request_timeout: commandTimeoutMs + answerMarginMs,
      max_open_connections: connectionsMax,
      compression: { request: false, response: false },
      log: { level: 127 },
    });
    return client;
  }

  return {
    async query<Row>(sql: string, params?: Record<string, unknown>, options?: RowOptions<Row>): Promise<Row[]> {
      const timeS = options?.bounds?.timeS ?? QUERY_TIME_DEFAULT_S;
      const timeout = AbortSignal.timeout(timeS * 1000 + answerMarginMs);
      const ask = async () => {
        const result = await clientNow().query({
          query: sql,
          // Unlike a whole JSON document it is well-formed where the server broke off.
          format: "JSONCompactEachRowWithNames",
          query_params: params ?? {},
          clickhouse_settings: querySettings(options),
          abort_signal: options?.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
        });
        const text = await result.text();
        const cut = options?.onCut && cutOf(result.response_headers["x-clickhouse-summary"], limitsOf(options));
        if (cut) options?.onCut?.(cut);
        return toRows(text, options?.onRow);
      };
      try {
        return await translated(ask, options?.signal);
      } catch (error) {
        const cut = options?.onCut && error instanceof StoreError && cutOfError(error.code, limitsOf(options));
        if (!cut) throw error;
        options?.onCut?.(cut);
        return [];
      }
    },
    async command(sql, params) {
      await translated(async () => {
        await clientNow().command({
          query: sql,
          query_params: params ?? {},
          clickhouse_settings: {
            wait_end_of_query: 1,
            max_execution_time: commandTimeoutMs / 1000,
            // Written means written to the shards.
            distributed_foreground_insert: 1,
            load_balancing: "in_order",
          },
        });
      });
    },
    insertNative: (table, blocks, token) => inserts.insert(table, blocks, token),
    async close() {
      inserts.close();
      await client?.close();
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

function limitsOf({ bounds = {} }: QueryOptions): Required<QueryBounds> {
  return {
    timeS: bounds.timeS ?? QUERY_TIME_DEFAULT_S,
    rowsRead: bounds.rowsRead ?? Infinity,
    memoryBytes: bounds.memoryBytes ?? QUERY_MEMORY_DEFAULT_BYTES,
  };
}

function querySettings(options: QueryOptions | undefined): ClickHouseSettings {
  const { timeS, rowsRead, memoryBytes } = limitsOf(options ?? {});
  return {
    // Reads may change settings and nothing else; only such a query ends on the server when its reader goes away.
    readonly: "2",
    cancel_http_readonly_queries_on_client_close: 1,
    max_execution_time: timeS,
    max_memory_usage: String(memoryBytes),
    ...(rowsRead !== Infinity && { max_rows_to_read: String(rowsRead) }),
    ...(options?.onCut && { timeout_overflow_mode: "break", read_overflow_mode: "break" }),
    // On a cluster: what a query looks up in another distributed table is gathered from all shards, and of a shard's
    // replicas the first that answers is asked, as what was just written is there.
    distributed_product_mode: "global",
    load_balancing: "in_order",
    // `SELECT *` of spans means what is worked out of the resource, too.
    asterisk_include_alias_columns: 1,
    output_format_json_quote_64bit_integers: 1,
    // NaN and the infinities as "nan", "inf" and "-inf"; without it they would all be null.
    output_format_json_quote_denormals: 1,
    // An error after the first rows then is an error of the call, never a short answer taken for a whole one.
    wait_end_of_query: 1,
  };
}

/** Runs `call`; whatever it throws becomes a {@link StoreError}, but for the caller's own abort. */
async function translated<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ClickHouseError) {
      const code = Number(error.code);
      throw new StoreError(message, { retryable: isRetryableCode(code), code, cause: error });
    }
    // A parameter past the server's bounds, which it refuses before there is a query: so it will the next time.
    if (message.includes("HTML Form Exception")) throw new StoreError(message, { retryable: false, cause: error });
    throw new StoreError(`ClickHouse did not answer: ${message}`, { retryable: true, cause: error });
  }
}
