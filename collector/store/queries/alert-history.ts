/** What alerts did, and the rules and silences that were made through the API. */
import type { Store } from "../store.ts";
import { spanRangeSql } from "./time-range-sql.ts";

/** One change of one alert, instants are milliseconds since the epoch. `past`: nobody was told. */
export interface HistoryRow {
  readonly atMs: number;
  readonly ruleId: string;
  readonly change: string;
  readonly condition: string;
  readonly labels: Record<string, string>;
  readonly windowEndMs: number;
  readonly value: number | null;
  readonly reason: string | null;
  readonly past: boolean;
}

/** The newest changes in a range, newest first. */
export async function queryHistory(
  store: Store,
  { fromMs, toMs, ruleId, limit }: { fromMs: number; toMs: number; ruleId?: string | undefined; limit: number },
): Promise<HistoryRow[]> {
  const rows = await store.query<Record<string, unknown>>(
    `SELECT toUInt32(at) AS atS, rule_id, change, condition, labels, toUInt32(window_end) AS windowEndS, value, reason, past
     FROM alert_history FINAL
     WHERE at >= toDateTime({from:UInt32}) AND at <= toDateTime({to:UInt32})
       AND ({rule:String} = '' OR rule_id = {rule:String} OR startsWith(rule_id, concat({rule:String}, '.')))
     ORDER BY at DESC, rule_id, labels
     LIMIT {limit:UInt32}`,
    { from: Math.floor(fromMs / 1000), to: Math.ceil(toMs / 1000), rule: ruleId ?? "", limit },
  );
  return rows.map((row) => ({
    atMs: Number(row["atS"]) * 1000,
    ruleId: String(row["rule_id"]),
    change: String(row["change"]),
    condition: String(row["condition"]),
    labels: JSON.parse(String(row["labels"])) as Record<string, string>,
    windowEndMs: Number(row["windowEndS"]) * 1000,
    value: row["value"] === null ? null : Number(row["value"]),
    reason: row["reason"] === "" ? null : String(row["reason"]),
    past: Number(row["past"]) === 1,
  }));
}

/** Bodies of the settings of one kind, by id. */
export async function querySettings(store: Store, kind: "rule" | "silence"): Promise<Map<string, string>> {
  const rows = await store.query<{ id: string; body: string }>(
    "SELECT id, body FROM alert_settings FINAL WHERE kind = {kind:String} AND deleted = 0 ORDER BY id",
    { kind },
  );
  return new Map(rows.map(({ id, body }) => [id, body]));
}

/** Stores a setting; a body of null deletes it. */
export async function putSetting(
  store: Store,
  kind: "rule" | "silence",
  id: string,
  body: string | null,
): Promise<void> {
  await store.command(
    `INSERT INTO alert_settings (kind, id, version, deleted, body)
     SELECT {kind:String}, {id:String}, toUnixTimestamp64Milli(now64(3)), {deleted:UInt8}, {body:String}`,
    { kind, id, deleted: body === null ? 1 : 0, body: body ?? "" },
  );
}

/** The newest failing invocations of a function or service: trace ids for links. */
export async function queryFailingFlows(
  store: Store,
  where: { service?: string | undefined; function?: string | undefined; queue?: string | undefined },
  { fromMs, toMs, limit }: { fromMs: number; toMs: number; limit: number },
): Promise<{ traceId: string; atMs: number; error: string }[]> {
  const rows = await store.query<{ traceId: string; atMs: string; error: string }>(
    `SELECT lower(hex(trace_id)) AS traceId, max(toUnixTimestamp64Milli(start_time)) AS atMs,
       argMax(if(error_type != '', error_type, status_message), start_time) AS error
     FROM spans
     WHERE ${spanRangeSql("fromUnixTimestamp64Milli({from:Int64})", "fromUnixTimestamp64Milli({to:Int64})")}
       AND kind IN (2, 5) AND (status_code = 2 OR timed_out = 2 OR {queue:String} != '')
       AND ({service:String} = '' OR service_name = {service:String})
       AND ({function:String} = '' OR if(faas_name = '', service_name, faas_name) = {function:String})
       AND ({queue:String} = '' OR messaging_destination_name = {queue:String})
     GROUP BY trace_id ORDER BY atMs DESC LIMIT {limit:UInt8}`,
    {
      from: fromMs,
      to: toMs,
      limit,
      service: where.service ?? "",
      function: where.function ?? "",
      queue: where.queue ?? "",
    },
    { bounds: { timeS: 3 } },
  );
  return rows.map(({ traceId, atMs, error }) => ({ traceId, atMs: Number(atMs), error }));
}
