/**
 * The clustered form of a migration's statement, made of the same SQL: a table becomes a replicated one on every
 * shard, `x_local`, with a distributed one called `x` over it; a view reads and fills the local tables of its shard.
 * Readers and writers name the distributed tables, as they name the only ones of a single server.
 *
 * @see https://clickhouse.com/docs/engines/table-engines/special/distributed
 */

/** Tables whose rows go with their trace; what belongs to one trace then is joined on one shard. */
const BY_TRACE: ReadonlySet<string> = new Set(["spans"]);
/** All other rows that are written, and not filled by views, lie on the first shard: there a number is written once. */
const FIRST_SHARD = "0";
/** Macros of the servers' own configuration, as ClickHouse's documentation has them. */
const REPLICA_PATH = "/clickhouse/tables/{uuid}/{shard}";

const CREATE_TABLE = /^((?:--.*\n|\s)*)CREATE TABLE IF NOT EXISTS (\w+)\s+(\([\s\S]*?\))\s*ENGINE = (\w*MergeTree)(?:\(([^)]*)\))?([\s\S]*)$/;
const CREATE_VIEW = /^((?:--.*\n|\s)*)CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS([\s\S]*)$/;
const DROP_VIEW = /^((?:--.*\n|\s)*)DROP VIEW IF EXISTS (\w+)\s*$/;
const ALTER_TABLE = /^((?:--.*\n|\s)*)ALTER TABLE (\w+)([\s\S]*)$/;
/** What changes a table's columns; anything else (a setting, an index) is of the tables that hold the rows. */
const CHANGES_COLUMNS = /^\s*(?:ADD|DROP|MODIFY|RENAME) COLUMN\b/;

/**
 * The statements that do on `cluster` what `statement` does on one server.
 *
 * @throws Error where the statement is of no kind that it knows
 */
export function clustered(statement: string, cluster: string): string[] {
  const on = `ON CLUSTER '${cluster}'`;
  const table = CREATE_TABLE.exec(statement);
  if (table) {
    const [, comment = "", name = "", columns = "", engine = "", args = "", rest = ""] = table;
    const local = `${name}_local`;
    const replica = [`'${REPLICA_PATH}'`, "'{replica}'", ...(args === "" ? [] : [args])].join(", ");
    const settings = rest.replace("non_replicated_deduplication_window", "replicated_deduplication_window");
    const shard = BY_TRACE.has(name) ? "xxHash64(trace_id)" : FIRST_SHARD;
    return [
      `${comment}CREATE TABLE IF NOT EXISTS ${local} ${on}\n${columns}\nENGINE = Replicated${engine}(${replica})${settings}`,
      `CREATE TABLE IF NOT EXISTS ${name} ${on} AS ${local}\n` +
        `ENGINE = Distributed('${cluster}', currentDatabase(), '${local}', ${shard})`,
    ];
  }
  const view = CREATE_VIEW.exec(statement);
  if (view) {
    const [, comment = "", name = "", target = "", select = ""] = view;
    const from = select.replaceAll(/\bFROM (\w+)/g, "FROM $1_local").replaceAll(/\bspans\./g, "spans_local.");
    return [`${comment}CREATE MATERIALIZED VIEW IF NOT EXISTS ${name} ${on} TO ${target}_local AS${from}`];
  }
  const dropped = DROP_VIEW.exec(statement);
  if (dropped) return [`${dropped[1] ?? ""}DROP VIEW IF EXISTS ${dropped[2] ?? ""} ${on}`];
  const change = ALTER_TABLE.exec(statement);
  if (change) {
    const [, comment = "", name = "", action = ""] = change;
    const local = `${comment}ALTER TABLE ${name}_local ${on}${action}`;
    return CHANGES_COLUMNS.test(action) ? [local, `ALTER TABLE ${name} ${on}${action}`] : [local];
  }
  throw new Error(`no clustered form of: ${statement.slice(0, 80)}`);
}
