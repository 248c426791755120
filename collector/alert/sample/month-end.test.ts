/**
 * History 38: windows over the end of a day, of a month (which is a partition's end), and of daylight saving, on a
 * store whose time zone is not UTC, as a server of one's own may have it.
 */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectStore } from "../../store/connection.ts";
import { startEmbedded, type EmbeddedServer } from "../../store/embedded.ts";
import { silentLog } from "../../store/log.ts";
import { prepareDatabase } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { emptyState } from "../engine/empty-state.ts";
import { step } from "../engine/step.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { readAlertFile } from "../rules/read-file.ts";
import { fillFunctionMinutes } from "./fill-minutes.ts";
import { takeSamples } from "./sampler.ts";

const ZONE = "America/New_York";
/** So long that the days below are kept for years to come, and no longer than the TTL can count. */
const retentionDays = 7_300;
const database = "zoned";

let folder: string;
let server: EmbeddedServer;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hopscope-zone-"));
  server = await startEmbedded({ dataDir: folder, log: silentLog, binary: await zonedClickhouse(folder) });
  await prepareDatabase(server.endpoint, { database, retentionDays });
  store = connectStore({ endpoint: server.endpoint, database });
}, 120_000);
afterAll(async () => {
  await store?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await store.command("TRUNCATE TABLE function_minutes");
  await store.command("TRUNCATE TABLE alert_minutes");
});

/** A program that runs like `clickhouse` in another time zone than the embedded server's. */
async function zonedClickhouse(dir: string): Promise<string> {
  const path = join(dir, "clickhouse");
  const child = fileURLToPath(new URL("../../store/server-child.mjs", import.meta.url));
  const script = [
    "#!/bin/sh",
    "shift",
    "unset CLICKHOUSE_BINARY",
    `export TZ=${ZONE} COLLECTOR_PID=$PPID`,
    `exec "${process.execPath}" "${child}" "$@"`,
  ];
  await writeFile(path, `${script.join("\n")}\n`);
  await chmod(path, 0o755);
  return path;
}

function rule(text: string): CompiledRule {
  const read = readAlertFile(`version: 1\nrules:\n  - ${text}\n`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config.rules[0]!;
}

const ROWS = [
  { name: "a day and a month end in UTC", startMs: Date.UTC(2026, 9, 31, 23, 50), partitions: 1 },
  { name: "a day and a month end where the store is", startMs: Date.UTC(2026, 10, 1, 3, 50), partitions: 2 },
  { name: "a day ends where the store is", startMs: Date.UTC(2026, 10, 3, 4, 50), partitions: 1 },
  { name: "daylight saving ends where the store is", startMs: Date.UTC(2026, 10, 1, 5, 50), partitions: 1 },
  { name: "daylight saving begins where the store is", startMs: Date.UTC(2026, 2, 8, 6, 50), partitions: 1 },
  { name: "a year ends where the store is", startMs: Date.UTC(2027, 0, 1, 4, 50), partitions: 2 },
];
/** Minutes of each history, counted from its start; half of the invocations fail in some of them. */
const MINUTES = Array.from({ length: 31 }, (_, n) => n);
const failsIn = (n: number) => n >= 8 && n < 16;
/** Evaluations that are also made alone, as the live engine makes them: the first whose windows cross minute 10. */
const ALONE = new Set([10, 11, 13, 15]);

describe("a window over the instant at which", () => {
  it("the store's time zone is another than UTC", async () => {
    expect(await store.query("SELECT timezone() AS zone, toString(toDateTime(0)) AS epoch")).toEqual([
      { zone: ZONE, epoch: "1969-12-31 19:00:00" },
    ]);
  });

  it.for(ROWS)("$name has what lies in it, no more and no less", { timeout: 60_000 }, async ({ startMs, partitions }) => {
    const at = (n: number) => startMs / 1000 + n * 60;
    const failures = (n: number) => (failsIn(n) ? 50 : 0);
    await fillFunctionMinutes(
      store,
      MINUTES.map((n) => ({ minute: at(n), invocations: 100, errors: failures(n) })),
    );
    const [stored] = await store.query<{ partitions: number }>(
      "SELECT toUInt32(uniqExact(_partition_id)) AS partitions FROM alert_minutes",
    );
    expect(stored).toEqual({ partitions });

    const own = "SELECT sum(errors) AS value FROM alert_minutes WHERE minute >= {from:DateTime} AND minute < {to:DateTime}";
    const rules = {
      share: rule("{ id: share, kind: error-rate, threshold: 20%, window: 5m }"),
      count: rule("{ id: count, kind: errors, threshold: 1, window: 5m, groupBy: [] }"),
      own: rule(`{ id: own, kind: query, threshold: 1, window: 5m, sql: "${own}" }`),
    };
    const ticks = MINUTES.slice(5).map((n) => at(n) * 1000);
    const sum = (n: number, back: readonly number[]) => back.reduce((all, one) => all + failures(n - one), 0);
    // As a backtest asks.
    const samples = await takeSamples(store, Object.values(rules), ticks);
    let state = emptyState(rules.share.rule);
    const told: string[] = [];
    for (const [index, tick] of ticks.entries()) {
      const n = index + 5;
      const alone = ALONE.has(n) ? [await takeSamples(store, Object.values(rules), [tick])] : [];
      for (const taken of [samples, ...alone]) {
        const valueOf = (id: string) => taken.get(tick)?.get(id)?.series.map(({ value }) => value);
        const all = sum(n, [1, 2, 3, 4, 5]);
        // What can only grow is counted with the newest minute, of which nothing has come yet.
        const expected = [n, [all / 500], [sum(n, [1, 2, 3, 4])], [all]];
        expect([n, valueOf("share"), valueOf("count"), valueOf("own")]).toEqual(expected);
      }
      const result = step(rules.share.rule, state, samples.get(tick)!.get("share")!, tick);
      state = result.state;
      for (const event of result.events) if (event.type === "notification") told.push(`${event.kind}@${n}`);
    }
    // 50 of 500 are 10 %, 150 are 30 %.
    expect(told).toEqual(["firing@11", "resolved@19"]);
  });
});
