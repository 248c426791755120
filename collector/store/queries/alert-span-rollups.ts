/**
 * The rollups that rules read, made from spans: for rules whose scope names attributes, which no rollup has.
 *
 * What a rollup's view selects is taken from its migration, so that both always count the same.
 */
import { readMigrations, statements } from "../migrations.ts";
import { attributeEquals } from "./attribute-sql.ts";
import { spanRangeSql } from "./time-range-sql.ts";

/** The evaluation that first sees a span: for the view that is now, for a span that lies there already its own. */
const SEEN_NOW = "toStartOfMinute(now() + toIntervalSecond(44)) AS arrival";
const SEEN_THEN = "toStartOfMinute(toDateTime(start_time)) + toIntervalMinute(seen_after) AS arrival";
/** Rules ask for no hours and quarters. */
const ALL_STEPS = "arrayJoin([60, 3600, 21600]) AS step_s";
const MINUTES_ALONE = "60 AS step_s";

const CREATE_VIEW = /CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO \w+ AS\s+((?:WITH|SELECT)\s[^]+)$/;

/** The SELECT of each materialized view, by the view's name; read when a rule first needs one. */
let selects: ReadonlyMap<string, string> | undefined;

/** A subselect with the columns of `alert_minutes`, of invocations that have all attributes; adds its parameters. */
export function functionRollup(attributes: Readonly<Record<string, string>>, params: Record<string, unknown>): string {
  return rollup("function_minutes_view", attributes, params);
}

/** The same for `queue_minutes`, of spans that process messages and have the attributes. */
export function queueRollup(attributes: Readonly<Record<string, string>>, params: Record<string, unknown>): string {
  return rollup("queue_minutes_view", attributes, params);
}

/** The view's SELECT over the spans from {lo:UInt32} until {hi:UInt32}, seconds, that have all attributes. */
function rollup(view: string, attributes: Readonly<Record<string, string>>, params: Record<string, unknown>): string {
  selects ??= readSelects();
  const select = selects.get(view);
  if (select === undefined) throw new Error(`no migration makes the view ${view}`);
  const conditions = Object.entries(attributes).map(([name, value], index) => {
    const { sql, params: own } = attributeEquals(name, value, { prefix: `attribute${index}`, place: "all" });
    Object.assign(params, own);
    return ` AND ${sql}`;
  });
  const range = spanRangeSql("toDateTime({lo:UInt32})", "toDateTime({hi:UInt32})");
  // In a subselect, as the view gives what it selects the names of columns that the conditions ask for.
  const narrowed = `FROM (SELECT * FROM spans WHERE ${range}${conditions.join("")}) AS spans`;
  return `(${select})`.replace("FROM spans", () => narrowed);
}

function readSelects(): ReadonlyMap<string, string> {
  const created = new Map<string, string>();
  for (const statement of readMigrations().flatMap(({ sql }) => statements(sql))) {
    const [, view, select] = CREATE_VIEW.exec(statement) ?? [];
    if (view === undefined || select === undefined) continue;
    created.set(view, select.replace(SEEN_NOW, SEEN_THEN).replace(ALL_STEPS, MINUTES_ALONE));
  }
  return created;
}
