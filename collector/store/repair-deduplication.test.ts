import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { otlpJsonToProtobuf } from "../ingest/otlp-json.ts";
import { SpanTranscoder } from "../ingest/transcode-spans.ts";
import { silentLog } from "./log.ts";
import { openStore } from "./open-store.ts";
import { repairDeduplicationLogs } from "./repair-deduplication.ts";

vi.setConfig({ testTimeout: 60_000 });

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-repair-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe("the log of a table", () => {
  const logDir = () => join(dataDir, "store", "abc", "abcdef", "deduplication_logs");
  const logFile = (number = 1) => join(logDir(), `deduplication_log_${String(number)}.txt`);

  function table(parts: readonly string[], ...logs: readonly string[]): void {
    mkdirSync(logDir(), { recursive: true });
    for (const part of parts) mkdirSync(join(logDir(), "..", part));
    logs.forEach((text, index) => writeFileSync(logFile(index + 1), text));
  }

  it.for([
    ["the part is there", ["20261121_1_1_0"], "1\t20261121_1_1_0\tx\n"],
    ["the part was merged into one that is there", ["20261121_1_4_1"], "1\t20261121_3_3_0\tx\n"],
    ["the part was mutated", ["20261121_3_3_0_7"], "1\t20261121_3_3_0\tx\n"],
    ["the log forgot it already", [], "1\t20261121_1_1_0\tx\n2\t20261121_1_1_0\tx\n"],
    ["the log is empty", ["20261121_1_1_0"], ""],
  ] as const)("stays as it is where %s", ([, parts, log]) => {
    table(parts, log);
    expect(repairDeduplicationLogs(dataDir)).toBe(0);
    expect(readFileSync(logFile(), "utf8")).toBe(log);
  });

  it.for([
    ["the part was not renamed", ["20261121_1_1_0", "tmp_insert_20261121_2_2_0"]],
    ["the block is in a part of another partition", ["20261121_1_1_0", "20261120_1_9_1"]],
    ["the parts there end before it", ["20261121_1_1_0"]],
  ] as const)("forgets an entry where %s", ([, parts]) => {
    table(parts, "1\t20261121_1_1_0\tx\n1\t20261121_2_2_0\ty\n");
    expect(repairDeduplicationLogs(dataDir)).toBe(1);
    expect(readFileSync(logFile(), "utf8")).toMatch(/\n2\t20261121_2_2_0\ty\n$/);
    expect(repairDeduplicationLogs(dataDir)).toBe(0);
  });

  it("forgets the last entry of a log before the newest one, in the newest one", () => {
    table([], "1\t20261121_9_9_0\tx\n", "");
    expect(repairDeduplicationLogs(dataDir)).toBe(1);
    expect(readFileSync(logFile(2), "utf8")).toBe("2\t20261121_9_9_0\tx\n");
  });

  it("loses an end that was torn off, past which the server would read nothing", () => {
    table(["20261121_1_1_0"], "1\t20261121_1_1_0\tx\n1\t20261121_2_2");
    expect(repairDeduplicationLogs(dataDir)).toBe(0);
    expect(readFileSync(logFile(), "utf8")).toBe("1\t20261121_1_1_0\tx\n");
  });
});

describe("an insert whose store was killed between the note of its token and the naming of its part", () => {
  // Invocations by the minute, the hour and the quarter of a day, which are rows of one insert.
  const counts = `SELECT (SELECT count() FROM spans) AS spans,
    (SELECT sumMap([step_s], [invocations]).2 FROM function_minutes) AS functions,
    (SELECT sumMap([step_s], [invocations]).2 FROM alert_minutes) AS alerts,
    (SELECT sum(spans) FROM operation_hours) AS operations`;

  const open = () => openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog });

  /** As the kill leaves it: the newest part of the table has the name that it was written under. */
  function unname(tableId: string): void {
    const dir = join(dataDir, "store", "store", tableId.slice(0, 3), tableId);
    const part = readdirSync(dir).filter((name) => /^\d+_\d/.test(name)).sort().at(-1) ?? "none";
    renameSync(join(dir, part), join(dir, `tmp_insert_${part}`));
  }

  it.for(["spans", "function_minutes", "alert_minutes", "operation_hours"])("is whole after its repeat: %s", async (name) => {
    const first = await open();
    await first.store.command("SYSTEM STOP MERGES");
    await first.store.insertNative("spans", oneInvocation("1"), "first");
    await first.store.insertNative("spans", oneInvocation("2"), "second");
    const [table] = await first.store.query<{ id: string }>(
      "SELECT toString(uuid) AS id FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
      { name },
    );
    await first.close();
    unname(table?.id ?? "");
    const second = await open();
    await second.store.insertNative("spans", oneInvocation("2"), "second");
    const rows = await second.store.query(counts);
    await second.close();
    expect(rows).toEqual([{ spans: "2", functions: ["2", "2", "2"], alerts: ["2", "2", "2"], operations: "2" }]);
  });
});

it("counts an insert once by every step, sent three times and again after a restart", async () => {
  for (let start = 0; start < 2; start += 1) {
    const { store, close } = await openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog });
    for (let attempt = 0; attempt < 3; attempt += 1) await store.insertNative("spans", oneInvocation("1"), "one segment");
    const tables = ["function_minutes", "alert_minutes"];
    const found = tables.map((table) => `(SELECT sumMap([step_s], [invocations]) FROM ${table}) AS ${table}`);
    const rows = await store.query(`SELECT ${found.join(", ")}`);
    await close();
    const once = [[60, 3600, 21_600], ["1", "1", "1"]];
    expect(rows).toEqual([{ function_minutes: once, alert_minutes: once }]);
  }
});

function oneInvocation(digit: string): Uint8Array[] {
  const now = String(BigInt(Date.now()) * 1_000_000n);
  const span = {
    traceId: digit.padStart(32, "0"),
    spanId: digit.padStart(16, "0"),
    name: "POST /orders",
    kind: 2,
    startTimeUnixNano: now,
    endTimeUnixNano: now,
    attributes: [{ key: "faas.trigger", value: { stringValue: "http" } }],
  };
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  transcoder.transcode(
    otlpJsonToProtobuf(Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }))),
  );
  return transcoder.takeBlocks().map(({ bytes }) => bytes);
}
