import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createTestStore } from "../../test/support/test-store.ts";
import { openReceiver } from "../ingest/receive.ts";
import type { Cut } from "./store.ts";
import { silentLog } from "./log.ts";
import { openStore, prepareDatabase, type OpenStore, type OpenStoreOptions } from "./open-store.ts";

vi.setConfig({ testTimeout: 60_000 });
const within = { timeout: 30_000, interval: 25 };

let dataDir: string;
let opened: OpenStore | undefined;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-store-"));
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(options: Partial<OpenStoreOptions> = {}): Promise<OpenStore> {
  opened = await openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog, ...options });
  return opened;
}

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const one = (store: OpenStore["store"]) => store.query("SELECT 1 AS one");

describe("the embedded store", () => {
  it("comes back when it dies, on its own data", async () => {
    const { store, embedded } = await open();
    await store.command("CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n");
    await store.command("INSERT INTO kept VALUES (7)");
    process.kill(embedded?.pid() ?? 0, "SIGKILL");
    await vi.waitFor(async () => expect(await store.query("SELECT n FROM kept")).toEqual([{ n: 7 }]), within);
    expect(embedded?.restarts()).toBe(1);
  });

  it("lets nobody in without its password", async () => {
    const { endpoint } = await open();
    const response = await fetch(`${endpoint().url}/?query=SELECT+*+FROM+hopscope.spans`);
    expect(response.status).not.toBe(200);
  });

  it.runIf(process.platform === "linux")("lets its collector go first where both want the processors", async () => {
    const { embedded } = await open();
    const pid = String(embedded?.pid());
    const nicenessOf = (task: string) => {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[17]);
    };
    const tasks = readdirSync(`/proc/${pid}/task`).map(nicenessOf);
    // A few are Node's own, from before; the rest are the server's.
    expect(tasks.filter((niceness) => niceness > 0).length).toBeGreaterThan(tasks.length / 2);
  });

  it("ends on close, and gives the directory back", async () => {
    const { embedded, close } = await open();
    const pid = embedded?.pid() ?? 0;
    await close();
    expect(alive(pid)).toBe(false);
    await expect(open()).resolves.toBeDefined();
  });

  it("ends with its collector, even where that is killed", async () => {
    const script = fileURLToPath(new URL("./open-store-child.ts", import.meta.url));
    const child = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(alive(pid)).toBe(true);
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(alive(pid)).toBe(false), within);
  });

  it("may be a clickhouse binary in place of libchdb", async () => {
    const binary = join(dataDir, "clickhouse");
    const library = fileURLToPath(new URL("./server-child.mjs", import.meta.url));
    // As `clickhouse local`: the word is dropped, the other arguments are the library's.
    writeFileSync(
      binary,
      `#!/bin/sh\nshift\nunset CLICKHOUSE_BINARY\nCOLLECTOR_PID=$PPID exec "${process.execPath}" "${library}" "$@"\n`,
    );
    chmodSync(binary, 0o755);
    const { store } = await open({ clickhouseBin: binary });
    expect(await one(store)).toEqual([{ one: 1 }]);
  });

  it("says what to do where it cannot run", async () => {
    await expect(open({ clickhouseBin: "/nonexistent/clickhouse" })).rejects.toMatchObject({
      reason: "cannot-run",
      message: expect.stringMatching(/ENOENT.*Set HOPSCOPE_CLICKHOUSE_URL/) as unknown,
    });
  });
});

describe("a data directory", () => {
  it("belongs to one collector at a time, and the second is told which directory and what to do", async () => {
    await open();
    const second = openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog });
    await expect(second).rejects.toMatchObject({
      reason: "data-dir-in-use",
      message: expect.stringContaining(dataDir) as unknown,
    });
  });

  it("in which a full disk cut the first start short has its tables at the next, and keeps them", async () => {
    await (await open()).close();
    truncateSync(join(dataDir, "store", "metadata", "hopscope.sql"));
    const { store, close } = await open();
    await store.command("INSERT INTO spans (trace_id, start_time) SELECT unhex('aa'), now64(9)");
    await close();
    const again = await open();
    expect(await again.store.query("SELECT count() AS spans FROM spans")).toEqual([{ spans: "1" }]);
  });

  it("on a disk without room gets no tables, which would be empty files, and it is said so", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let sql = "";
      request.on("data", (chunk) => (sql += String(chunk)));
      request.on("end", () => {
        asked.push(sql);
        if (sql.includes("system.disks")) return response.end('["free"]\n["4096"]\n');
        const code = { "X-ClickHouse-Exception-Code": "81" };
        return response.writeHead(404, code).end("Code: 81. DB::Exception: No such database. (UNKNOWN_DATABASE)");
      });
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const endpoint = { url, username: "u", password: "p" };
    const prepared = prepareDatabase(() => endpoint, { database: "hopscope", retentionDays: 30 }, "/data");
    await expect(prepared).rejects.toMatchObject({
      reason: "disk-full",
      message: expect.stringMatching(/disk of \/data has no room.*4096 bytes.*HOPSCOPE_DATA_DIR/) as unknown,
    });
    expect(asked.filter((sql) => sql.includes("CREATE"))).toEqual([]);
  });

  it("in which the store's files cannot be written is said so, with what to do", async () => {
    writeFileSync(join(dataDir, "store-config"), "");
    await expect(open()).rejects.toMatchObject({
      reason: "data-dir-unwritable",
      message: expect.stringMatching(/cannot be written.*room on its disk.*HOPSCOPE_DATA_DIR/) as unknown,
    });
  });

  it("that cannot be made is said so", async () => {
    const file = join(dataDir, "file");
    writeFileSync(file, "");
    await expect(open({ dataDir: join(file, "inside") })).rejects.toMatchObject({
      reason: "data-dir-unwritable",
      message: expect.stringMatching(/cannot be written .*HOPSCOPE_DATA_DIR/) as unknown,
    });
  });
});

describe("a ClickHouse given by its URL", () => {
  it("takes spans and answers queries as the embedded one does", async () => {
    const server = await createTestStore();
    const { store, embedded } = await open({ clickhouseUrl: server.clickhouseUrl, database: `${server.database}_url` });
    expect(embedded).toBeUndefined();
    const receiver = await openReceiver({ store, dataDir, retentionDays: 30, log: silentLog });
    const span = { traceId: "a".repeat(32), spanId: "b".repeat(16), name: "work" };
    await receiver.receiveTraces(
      Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })),
      "json",
    );
    await vi.waitFor(async () => expect(await store.query("SELECT name FROM spans")).toEqual([{ name: "work" }]), within);
    await receiver.close();
    await store.command("DROP DATABASE {database:Identifier}", { database: `${server.database}_url` });
    await server.close();
  });

  it("that does not answer is said so, with its address", async () => {
    await expect(open({ clickhouseUrl: "http://127.0.0.1:9" })).rejects.toMatchObject({
      reason: "unreachable",
      message: expect.stringMatching(/127\.0\.0\.1:9.*HOPSCOPE_CLICKHOUSE_URL/) as unknown,
    });
  });
});

describe("a query", () => {
  it("ends on the server when its reader goes away", async () => {
    const { store } = await open();
    const abort = new AbortController();
    const query = store.query("SELECT sleepEachRow(1), 'marked' FROM numbers(60) SETTINGS max_block_size = 1", undefined, {
      signal: abort.signal,
    });
    const running = () =>
      store.query("SELECT 1 FROM system.processes WHERE query LIKE '%marked%' AND query NOT LIKE '%processes%'");
    await vi.waitFor(async () => expect(await running()).toHaveLength(1), within);
    abort.abort();
    await expect(query).rejects.toThrow();
    await vi.waitFor(async () => expect(await running()).toEqual([]), within);
  });

  it("past its bounds is an error that says which", async () => {
    const { store } = await open();
    const bounds = { timeS: 1 };
    await expect(
      store.query("SELECT sleepEachRow(1) FROM numbers(10) SETTINGS max_block_size = 1", undefined, { bounds }),
    ).rejects.toMatchObject({ name: "StoreError", code: 159, retryable: true });
    await expect(
      store.query("SELECT sum(number) FROM numbers(1000000)", undefined, { bounds: { rowsRead: 1_000 } }),
    ).rejects.toMatchObject({ code: 158 });
  });

  it.for([
    ["time", "some", "SELECT number, sleepEachRow(0.2) FROM numbers(60) SETTINGS max_block_size = 1", { timeS: 1 }],
    ["time", "no", "SELECT 1 FROM numbers(60) WHERE sleepEachRow(0.2) = 1 SETTINGS max_block_size = 1", { timeS: 1 }],
    ["rows", "some", "SELECT sum(number) FROM numbers(10000000)", { rowsRead: 100_000 }],
    ["memory", "no", "SELECT groupArray(number) FROM numbers(50000000)", { memoryBytes: 50_000_000 }],
  ] as const)("past its bound of %s gives %s rows where it is told to give what it found", async (given) => {
    const [limit, found, sql, bounds] = given;
    const { store } = await open();
    const cuts: Cut[] = [];
    const rows = await store.query(sql, undefined, { bounds, onCut: (cut) => cuts.push(cut) });
    expect(cuts).toEqual([{ limit, value: Object.values(bounds)[0] }]);
    expect(rows.length).toBeLessThan(60);
    expect(rows.length > 0).toBe(found === "some");
  });

  it("within its bounds is not cut", async () => {
    const { store } = await open();
    const options = { bounds: { timeS: 30, rowsRead: 1_000_000 }, onCut: () => expect.fail("cut") };
    expect(await store.query("SELECT toUInt64(7) AS n, 'x' AS t", undefined, options)).toEqual([{ n: "7", t: "x" }]);
  });
});
