/** For tests and benchmarks: rows of the rollups as if spans had been stored, seen when the caller says. */
import type { Store } from "../../store/store.ts";

/** One minute of one function; what is left out is that of 100 good invocations of `pay`. */
export interface FunctionMinute {
  /** Start of the minute, seconds since the epoch. */
  readonly minute: number;
  /** Evaluation that first sees it, seconds since the epoch; the end of the minute when left out. */
  readonly seenAt?: number;
  readonly service?: string;
  readonly function?: string;
  readonly invocations?: number;
  readonly errors?: number;
  readonly timeouts?: number;
  readonly coldStarts?: number;
  /** Durations of some of the invocations, milliseconds. */
  readonly durations?: readonly number[];
  readonly memoryUsed?: number;
  readonly memoryLimit?: number;
}

/** Inserts rows of `function_minutes`. */
export async function fillFunctionMinutes(store: Store, rows: readonly FunctionMinute[]): Promise<void> {
  await store.command(
    `INSERT INTO function_minutes (minute, seen_at, service_name, faas_name, invocations, errors, timeouts, cold_starts,
       duration_ms, init_ms, duration_ms_sum, memory_used_max, memory_limit_max, gb_seconds)
     SELECT
       toDateTime(JSONExtractUInt(row, 'minute')), toDateTime(JSONExtractUInt(row, 'seenAt')),
       JSONExtractString(row, 'service'), JSONExtractString(row, 'function'),
       JSONExtractUInt(row, 'invocations'), JSONExtractUInt(row, 'errors'),
       JSONExtractUInt(row, 'timeouts'), JSONExtractUInt(row, 'coldStarts'),
       arrayReduce('quantilesTDigestState(0.5, 0.95, 0.99)', JSONExtract(row, 'durations', 'Array(Float64)')),
       arrayReduce('quantilesTDigestIfState(0.5, 0.95)', [1.], [toUInt8(0)]),
       arraySum(JSONExtract(row, 'durations', 'Array(Float64)')),
       JSONExtractUInt(row, 'memoryUsed'), JSONExtractUInt(row, 'memoryLimit'), 0
     FROM (SELECT arrayJoin(JSONExtractArrayRaw({rows:String})) AS row)`,
    {
      rows: JSON.stringify(
        rows.map((row) => ({
          service: "shop",
          function: "pay",
          invocations: 100,
          errors: 0,
          timeouts: 0,
          coldStarts: 0,
          durations: [100],
          memoryUsed: 0,
          memoryLimit: 0,
          ...row,
          seenAt: row.seenAt ?? row.minute + 60,
        })),
      ),
    },
  );
}
