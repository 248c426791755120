import { execFile } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestStore } from "../../test/support/test-store.ts";
import { serveApp } from "../http/serve.ts";
import { lockDataDir } from "../store/data-dir.ts";
import { silentLog } from "../store/log.ts";
import { openStore } from "../store/open-store.ts";
import { encodeSegmentHeader, newSegmentId } from "../ingest/segment.ts";
import {
  checkClock,
  checkDataDir,
  checkDisk,
  checkGrpcPort,
  checkNode,
  checkPort,
  checkSegments,
} from "./doctor-machine.ts";
import { lineOf, sizeText } from "./doctor-report.ts";
import { checkEmbedded, checkRemote, judgeSystemLogs, judgeVersion } from "./doctor-store.ts";

const gib = 1024 ** 3;
const host = "127.0.0.1";
/** A user with no rights at all. */
const NOBODY = 65_534;

let dataDir: string;
let end: (() => unknown)[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-doctor-test-"));
});
afterEach(async () => {
  for (const one of end) await one();
  end = [];
  rmSync(dataDir, { recursive: true, force: true });
});

/** A port on which something else listens. */
async function takenPort(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((settle) => server.listen(0, host, settle));
  end.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A port on which a collector answers. */
async function collectorPort(): Promise<number> {
  const serving = await serveApp({ fetch: () => new Response("ok\n") }, { host, port: 0 });
  end.push(() => serving.close());
  return serving.port;
}

describe("this machine", () => {
  it.for([
    ["19.9.0", "failed", /install Node 24/],
    ["20.20.0", "ok", /20\.20\.0/],
    ["24.1.0", "ok", /24\.1\.0/],
  ] as const)("Node %s is %s", ([version, level, message]) => {
    expect(checkNode(version)).toMatchObject({ level, message: expect.stringMatching(message) as unknown });
  });

  it.for([
    [100 * gib, "ok", /100\.0 GiB are free/],
    [2 * gib, "warning", /HOPSCOPE_RETENTION_DAYS/],
    [gib / 8, "failed", /takes nothing \(503\).*HOPSCOPE_DATA_DIR/],
  ] as const)("a disk with %d free bytes is %s", ([freeBytes, level, message]) => {
    const finding = checkDisk({ dataDir }, freeBytes);
    expect(finding.level).toBe(level);
    expect(finding.message).toMatch(message);
  });

  it("finds the disk of a data directory that is not made yet", () => {
    expect(checkDisk({ dataDir: join(dataDir, "not", "yet") }).message).toMatch(/are free on the disk of/);
  });

  it("a data directory is free, held by the collector that answers, or in use", async () => {
    const port = await collectorPort();
    expect(await checkDataDir({ dataDir, host, port })).toMatchObject({ level: "ok" });
    const lock = await lockDataDir(dataDir);
    end.push(() => lock.release());
    expect((await checkDataDir({ dataDir, host, port })).message).toMatch(/held by the collector that runs/);
    expect(await checkDataDir({ dataDir, host, port: await takenPort() })).toMatchObject({
      level: "failed",
      message: expect.stringContaining("HOPSCOPE_DATA_DIR") as unknown,
    });
  }, 20_000);

  it("a data directory that is not there yet can be made, and is not left behind for its maker alone", async () => {
    const missing = join(dataDir, "not", "yet");
    expect(await checkDataDir({ dataDir: missing, host, port: 1 })).toMatchObject({ level: "ok" });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("a data directory of which another user's collector made a part is not taken for a good one", async () => {
    mkdirSync(join(dataDir, "wal"), { mode: 0o500 });
    // Every directory is open to root, so then it is another process of another user that looks.
    if (process.getuid?.() === 0) chownSync(dataDir, NOBODY, NOBODY);
    const script = `
      import { checkDataDir } from "${new URL("./doctor-machine.ts", import.meta.url).href}";
      if (process.getuid() === 0) process.setgid(${String(NOBODY)}), process.setuid(${String(NOBODY)});
      console.log(JSON.stringify(await checkDataDir({ dataDir: process.argv[1], host: "127.0.0.1", port: 1 })));
    `;
    const run = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, dataDir]);
    expect(JSON.parse(run.stdout)).toEqual({
      level: "failed",
      message: expect.stringMatching(/wal cannot be read and written: it belongs to user \d+,.*chown -R.*HOPSCOPE_DATA_DIR/) as unknown,
    });
  });

  it("a port is free, held by a collector that answers, or taken", async () => {
    expect(await checkPort({ host, port: 0 })).toMatchObject({ level: "ok" });
    expect((await checkPort({ host, port: await collectorPort() })).message).toMatch(/held by a collector/);
    expect((await checkPort({ host, port: await takenPort() })).message).toMatch(/in use.*HOPSCOPE_PORT/);
  });

  it("a port for gRPC is off, free, or taken, with the setting that changes it", async () => {
    const port = await takenPort();
    expect(await checkGrpcPort({ host, port, grpcPort: "off" })).toMatchObject({ level: "ok" });
    expect(await checkGrpcPort({ host, port, grpcPort: 0 })).toMatchObject({ level: "ok" });
    const taken = await checkGrpcPort({ host, port, grpcPort: port });
    expect(taken.level).toBe("failed");
    expect(taken.message).toMatch(/in use.*HOPSCOPE_GRPC_PORT/);
  });

  it("a clock that was set back is behind what the collector noted", () => {
    const requests = join(dataDir, "wal", "requests");
    expect(checkClock({ dataDir }, 1_000)).toMatchObject({ level: "ok" });
    mkdirSync(requests, { recursive: true });
    writeFileSync(join(requests, "0001750000000000-0a1b2c3d.requests"), "");
    // Whoever made this one, its name is no time.
    writeFileSync(join(requests, "9999999999999999-0a1b2c3d.requests"), "");
    expect(checkClock({ dataDir }, 1_750_000_000_000)).toMatchObject({ level: "ok" });
    expect(checkClock({ dataDir }, 1_740_000_000_000)).toMatchObject({
      level: "failed",
      message: expect.stringMatching(/2025-02-19T.*2025-06-15T.*set it right/) as unknown,
    });
  });

  it("segments that are set aside are counted, and those that wait", () => {
    expect(checkSegments({ dataDir }).message).toMatch(/none waits/);
    mkdirSync(join(dataDir, "wal", "damaged"), { recursive: true });
    writeFileSync(join(dataDir, "wal", "0000000000000002.seg"), "x".repeat(2048));
    // What a collector has at hand holds nothing: a file that waits for its first record, and one to be written over.
    const unused = Buffer.concat([encodeSegmentHeader(newSegmentId(3)), Buffer.alloc(4096, "y")]);
    writeFileSync(join(dataDir, "wal", "0000000000000003.seg"), unused);
    writeFileSync(join(dataDir, "wal", "0000000000000001.spare"), unused);
    expect(checkSegments({ dataDir })).toMatchObject({
      level: "ok",
      message: expect.stringMatching(/no segment is set aside, 1 segment \(2\.0 KiB\) waiting/) as unknown,
    });
    writeFileSync(join(dataDir, "wal", "damaged", "0000000000000001.seg"), "x");
    expect(checkSegments({ dataDir })).toMatchObject({
      level: "warning",
      message: expect.stringMatching(
        /^1 segment \(1 bytes\) set aside in .*damaged, 1 segment \(2\.0 KiB\) waiting.*delete the rest/,
      ) as unknown,
    });
  });
});

/** As a database is that was made from other files. */
const ANOTHER_VERSION = "INSERT INTO schema_migrations (version, file_name, checksum) VALUES (2, '002_x.sql', 'another')";
const OTHER_TABLES = /made by another version.*schema\/sql\/002_\w+\.sql.*another HOPSCOPE_DATA_DIR or HOPSCOPE_CLICKHOUSE_DATABASE/;

describe("the embedded database", { timeout: 120_000 }, () => {
  const config = { clickhouseBin: undefined, database: "hopscope" };
  const files = () => readdirSync(dataDir, { recursive: true, encoding: "utf8" }).sort();

  it("is looked at without a change to its directory: none yet, this version's, another's", async () => {
    const messageOf = async () => (await checkEmbedded({ ...config, dataDir })).map(({ message }) => message)[1];
    expect(await messageOf()).toMatch(/is not made yet/);
    const { store, close } = await openStore({ ...config, dataDir, retentionDays: 30, log: silentLog });
    expect(await messageOf()).toMatch(/has tables that this version opens/);
    await store.command(ANOTHER_VERSION);
    await close();
    const before = files();
    expect(await checkEmbedded({ ...config, dataDir })).toMatchObject([
      { level: "ok" },
      { level: "failed", message: expect.stringMatching(OTHER_TABLES) as unknown },
    ]);
    expect(files()).toEqual(before);
  });
});

describe("a ClickHouse server", () => {
  it("that is fit is seen with its version, rights, clock, disk and logs", async () => {
    const db = await createTestStore();
    end.push(() => db.close());
    const findings = await checkRemote({ clickhouseUrl: db.clickhouseUrl, database: db.database });
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^ClickHouse \d+\.\d+.* answers at http/),
      expect.stringMatching(/^its user may work in the database test_/),
      expect.stringMatching(/^its database test_\w+ has tables that this version opens/),
      expect.stringMatching(/clock and this machine's agree/),
      expect.stringMatching(/free on its disk default/),
      expect.stringMatching(/^its system logs take 0 bytes, Hopscope's tables/),
    ]);
    expect(findings.map(({ level }) => level)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok"]);
    const left = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'doctor%'";
    expect(await db.store.query(left)).toEqual([]);
  });

  it("whose user may not work in the database is seen with the grant that it takes", async () => {
    const db = await createTestStore();
    end.push(() => db.close());
    const url = new URL(db.clickhouseUrl);
    // The embedded server's other user, who may do next to nothing.
    url.username = "default";
    url.password = "";
    const findings = await checkRemote({ clickhouseUrl: url.href, database: db.database });
    expect(findings[1]?.level).toBe("failed");
    expect(findings[1]?.message).toMatch(/Not enough privileges.*GRANT ALL ON test_/);
  });

  it("whose tables another version made is seen before a start refuses it", async () => {
    const db = await createTestStore();
    end.push(() => db.close());
    await db.store.command(ANOTHER_VERSION);
    const findings = await checkRemote({ clickhouseUrl: db.clickhouseUrl, database: db.database });
    expect(findings[2]).toMatchObject({ level: "failed", message: expect.stringMatching(OTHER_TABLES) as unknown });
  });

  it("that does not answer is named, with the setting", async () => {
    const [finding] = await checkRemote({ clickhouseUrl: "http://me:secret@127.0.0.1:1", database: "hopscope" });
    expect(finding?.level).toBe("failed");
    expect(finding?.message).toMatch(/127\.0\.0\.1:1.*CLICKHOUSE_URL/);
    expect(finding?.message).not.toContain("secret");
  });

  it.for([
    ["25.8.1.1", "failed"],
    ["26.1.9.9", "failed"],
    ["26.2.1.1", "ok"],
    ["27.1.1.1", "ok"],
  ] as const)("of version %s is %s", ([version, level]) => {
    expect(judgeVersion(version, "http://db:8123")).toMatchObject({ level });
  });

  const log = (name: string, sizeGib: number, hasTtl = true) => ({ name, sizeBytes: sizeGib * gib, hasTtl });

  it.for([
    [[], 0, "ok", /take 0 bytes/],
    [[log("query_log", 0.5, false)], 0, "ok", /take 512\.0 MiB/],
    [[log("query_log", 3)], 9, "ok", /take 3\.0 GiB, Hopscope's tables 9\.0 GiB/],
    [[log("query_log", 3)], 2, "warning", /shorten their <ttl>/],
    [[log("trace_log", 3, false)], 9, "warning", /ALTER TABLE system\.trace_log MODIFY TTL event_date \+ INTERVAL 7 DAY$/],
    [[log("query_log_0", 0.1, false)], 9, "warning", /: DROP TABLE system\.query_log_0$/],
    [[log("query_log_1", 5, false)], 9, "warning", /: DROP TABLE system\.query_log_1$/],
  ] as const)("with the system logs %j beside %d GiB is %s", ([logs, ownGib, level, message]) => {
    const finding = judgeSystemLogs(logs, ownGib * gib);
    expect(finding.level).toBe(level);
    expect(finding.message).toMatch(message);
  });
});

it("a line of the report begins with what it says", () => {
  expect(lineOf({ level: "ok", message: "Node 24" })).toBe("ok      Node 24\n");
  expect(lineOf({ level: "warning", message: "x" })).toBe("WARNING x\n");
  expect(lineOf({ level: "failed", message: "x" })).toBe("FAILED  x\n");
});

it.for([
  [0, "0 bytes"],
  [1023, "1023 bytes"],
  [1024, "1.0 KiB"],
  [5 * gib, "5.0 GiB"],
  [5_000 * 1024 * gib, "5000.0 TiB"],
] as const)("%d bytes are %s", ([sizeBytes, text]) => {
  expect(sizeText(sizeBytes)).toBe(text);
});
