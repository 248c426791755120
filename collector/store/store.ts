/** What the rest of the collector knows of ClickHouse: one server spoken to over HTTP, wherever it runs. */
import type { NativeBlock } from "./native-answer.ts";

/** Bounds of one query; the server enforces them, and going past one throws a {@link StoreError} or calls `onCut`. */
export interface QueryBounds {
  /** Wall time on the server, seconds. */
  readonly timeS?: number;
  /** Rows read from tables. */
  readonly rowsRead?: number;
  /** Memory of the query, bytes. */
  readonly memoryBytes?: number;
}

/** The bound that cut an answer, and its value: seconds, rows or bytes. */
export interface Cut {
  readonly limit: "time" | "rows" | "memory";
  readonly value: number;
}

/** What one query may cost, and how it ends early. */
export interface QueryOptions {
  readonly bounds?: QueryBounds;
  /**
   * With it, a query past one of its bounds is no error: it is called, and the rows are those found until then (none
   * where memory ended).
   */
  readonly onCut?: (cut: Cut) => void;
  /** Aborting it stops the query on the server. */
  readonly signal?: AbortSignal;
}

/** What is done with the rows of one query. */
export interface RowOptions<Row> extends QueryOptions {
  /** With it, it is given each row, and none is returned: thousands of wide rows are not held at a time. */
  readonly onRow?: (row: Row) => void;
}

/** A ClickHouse database with Hopscope's tables. */
export interface Store {
  /**
   * Runs a SELECT. Values go in as `{name:Type}` parameters, never into the text.
   * Rows have the values of ClickHouse's JSON (64-bit integers as strings), by column name.
   */
  query<Row>(sql: string, params?: Record<string, unknown>, options?: RowOptions<Row>): Promise<Row[]>;
  /** The same with the answer's values in columns, at a third of the cost: for what is many and wide, as spans are. */
  queryBlocks(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<NativeBlock[]>;
  /** Runs DDL or any statement without a result. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;
  /**
   * Inserts Native blocks. A repeat with the same token is a no-op within the deduplication window,
   * in the table and in every view that it feeds.
   */
  insertNative(table: string, blocks: readonly Uint8Array[], token: string): Promise<void>;
  /**
   * Whether merges wait for what is more urgent, of all tables but `spans`; absent where the server is not this
   * collector's own.
   */
  holdMerges?(isHeld: boolean): Promise<void>;
  close(): Promise<void>;
}

/** ClickHouse refused, or could not be reached. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** Whether the same call may succeed later (unreachable, overloaded), as against wrong for ever. */
  readonly retryable: boolean;
  /** ClickHouse's error code, for example 159 TIMEOUT_EXCEEDED; 0 where it did not answer. */
  readonly code: number;

  constructor(message: string, options: { retryable: boolean; code?: number; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
    this.code = options.code ?? 0;
  }
}
