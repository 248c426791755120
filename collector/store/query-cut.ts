/** Which bound cut a query's answer. */
import type { Cut, QueryBounds } from "./store.ts";

/** The server stops between blocks, and its own clock may say a little less than its limit. */
const TIME_SHARE_OF_LIMIT = 0.98;

/** The bound that a query reached which was told to break off there, by the server's summary of it. */
export function cutOf(summary: string | string[] | undefined, limits: Required<QueryBounds>): Cut | undefined {
  if (typeof summary !== "string") return undefined;
  const { read_rows: rows, elapsed_ns: elapsedNs } = JSON.parse(summary) as Partial<Record<string, string>>;
  if (Number(rows) > limits.rowsRead) return { limit: "rows", value: limits.rowsRead };
  if (Number(elapsedNs) / 1e9 >= limits.timeS * TIME_SHARE_OF_LIMIT) return { limit: "time", value: limits.timeS };
  return undefined;
}

/** Rows of an answer by the server's summary of it; 0 where it says nothing. */
export function resultRowsOf(summary: string | undefined): number {
  if (summary === undefined) return 0;
  return Number((JSON.parse(summary) as Partial<Record<string, string>>)["result_rows"] ?? 0);
}

/** The bound behind one of ClickHouse's error codes, where it is one at which nothing can be broken off. */
export function cutOfError(code: number, limits: Required<QueryBounds>): Cut | undefined {
  if (code === TIMEOUT_EXCEEDED || code === TOO_SLOW) return { limit: "time", value: limits.timeS };
  if (code === TOO_MANY_ROWS) return { limit: "rows", value: limits.rowsRead };
  return code === MEMORY_LIMIT_EXCEEDED ? { limit: "memory", value: limits.memoryBytes } : undefined;
}

const TOO_MANY_ROWS = 158;
const TIMEOUT_EXCEEDED = 159;
const TOO_SLOW = 160;
const MEMORY_LIMIT_EXCEEDED = 241;
