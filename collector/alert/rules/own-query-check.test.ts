import { describe, expect, it } from "vitest";
import { refusalOf } from "./own-query-check.ts";

describe("a query of one's own through the API", () => {
  it.for([
    "SELECT count() AS value FROM spans WHERE start_time >= {from:DateTime} AND start_time < {to:DateTime}",
    "SELECT service_name AS service, countIf(status_code = 2) / count() AS value, count() AS volume FROM spans GROUP BY service",
    "WITH recent AS (SELECT * FROM spans WHERE kind IN (2, 5)) SELECT quantile(0.95)(duration_ns / 1e6) AS value FROM recent AS r",
    "select max(x) as value from (select sum(invocations) as x, service_name from function_minutes group by service_name)",
    "SELECT uniqExact(key) AS value FROM spans ARRAY JOIN message_keys AS key, message_keys AS other",
    "SELECT sum(a.spans) AS value FROM map_minutes AS a LEFT JOIN queue_minutes AS b ON a.peer_name = b.queue",
    "SELECT count() AS value FROM spans WHERE name = 'it''s; -- not \\' a comment, system.users (' AND 1 = 1",
    "SELECT count() AS value FROM spans WHERE trace_id IN (SELECT trace_id FROM spans WHERE attributes_string['tenant'] = 'a')",
    "SELECT toFloat64(count()) AS value, if(kind = 2, 'a', 'b') AS side FROM spans GROUP BY side HAVING value > 3 ORDER BY side LIMIT 3",
  ])("may be %s", (sql) => {
    expect(refusalOf(sql)).toBeUndefined();
  });

  it.for([
    ["SELECT file('/etc/passwd') AS value", "file"],
    ["SELECT `file`('/etc/passwd') AS value", "file"],
    ['SELECT "FILE" (\'/etc/passwd\') AS value', "FILE"],
    ["SELECT count() AS value FROM url('http://169.254.169.254/', 'CSV', 'a String')", "url"],
    ["SELECT count() AS value FROM spans JOIN remote('h', system.one) AS r ON 1", "remote"],
    ["SELECT count() AS value FROM merge('.*', '.*')", "merge"],
    ["SELECT dictGet('d', 'a', 1) AS value", "dictGet"],
    ["SELECT aiGenerate('x') AS value", "aiGenerate"],
    ["SELECT count() AS value FROM system.users", "system.users"],
    ["SELECT count() AS value FROM `system`.`users`", "`system`.`users`"],
    ["SELECT count() AS value FROM spans, system.users", "JOIN"],
    ["SELECT count() AS value FROM spans AS s, other.t", "JOIN"],
    ["SELECT count() AS value FROM spans WHERE name IN system.users", "IN must"],
    ["SELECT count() AS value FROM spans WHERE name GLOBAL IN other", "IN must"],
    ["SELECT 1 AS value SETTINGS max_execution_time = 1000", "SETTINGS"],
    ["SELECT 1 AS value INTO OUTFILE 'x'", "INTO"],
    ["SELECT 1 AS value; DROP TABLE spans", "not understood"],
    ["SELECT 1 AS value -- ) x", "not understood"],
    ["SELECT 1 AS value /* ) */", "not understood"],
    ["SELECT 1 AS value # x", "not understood"],
    ["SELECT $a$ text $a$ AS value", "not understood"],
    ["SELECT ‘x’ AS value", "not understood"],
    ["SELECT {other:String} AS value", "{other:String}"],
    ["SELECT count() AS value FROM (EXPLAIN SELECT 1)", "EXPLAIN"],
    ["DROP TABLE spans", "SELECT"],
    ["", "SELECT"],
  ] as const)("may not be %s", ([sql, says]) => {
    expect(refusalOf(sql)).toContain(says);
  });
});
