/**
 * Two ClickHouse servers as the two shards of a cluster called `main`, out of libchdb, and a way in front of the first.
 *
 * libchdb has neither Keeper nor the worker that runs ON CLUSTER: a statement with that clause goes to both servers
 * without it, and a replicated table becomes the same table without a replica. All else is a cluster's: rows travel
 * between the servers over ClickHouse's own protocol.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectStore } from "../../collector/store/connection.ts";
import { remoteEndpoint } from "../../collector/store/open-store.ts";
import type { Store } from "../../collector/store/store.ts";
import { eventually } from "./eventually.ts";

export const CLUSTER = "main";
const SHARDS = 2;
/** From spawn to the first answer, on a machine that does other things as well, ms. */
const startTimeoutMs = 60_000;
const memoryLimitBytes = 1024 ** 3;
const BOOTSTRAP_SQL =
  "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT sleepEachRow(3) FROM system.numbers FORMAT Null " +
  "SETTINGS max_block_size = 1, max_execution_time = 0";

interface Ports {
  readonly http: number;
  readonly tcp: number;
}

export interface Shards {
  /** For HOPSCOPE_CLICKHOUSE_URL. */
  readonly clickhouseUrl: string;
  /** Each server by itself, in `database`. */
  stores(database: string): Store[];
  close(): Promise<void>;
}

/** Starts the servers; close them when the tests of a file are done. */
export async function startShards(): Promise<Shards> {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-shards-"));
  const ports: Ports[] = [];
  for (let shard = 0; shard < SHARDS; shard += 1) ports.push({ http: await freePort(), tcp: await freePort() });
  const children = ports.map((own, shard) => startServer(join(dir, String(shard)), own, ports));
  const urls = ports.map(({ http }) => `http://127.0.0.1:${String(http)}`);
  for (const url of urls) await eventually(async () => (await fetch(`${url}/ping`)).text(), startTimeoutMs);
  const front = createServer((request, response) => {
    void answer(urls, request).then(async (answered) => {
      // As the body was unpacked on the way.
      const { "content-encoding": _, "transfer-encoding": __, ...headers } = Object.fromEntries(answered.headers);
      response.writeHead(answered.status, headers).end(Buffer.from(await answered.arrayBuffer()));
    });
  });
  await new Promise<void>((settle) => front.listen(0, "127.0.0.1", settle));
  return {
    clickhouseUrl: `http://127.0.0.1:${String((front.address() as AddressInfo).port)}`,
    stores: (database) => urls.map((url) => connectStore({ endpoint: remoteEndpoint(url), database })),
    async close() {
      front.closeAllConnections();
      front.close();
      await Promise.all(children.map(endProcess));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What the first server answers; a statement for the cluster is asked of each, until one refuses it. */
async function answer(urls: readonly string[], request: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { host: _, connection: __, "content-length": ___, "transfer-encoding": ____, ...headers } = request.headers;
  let body = Buffer.concat(chunks);
  const isForAll = request.url?.includes("FORMAT") !== true && body.includes(` ON CLUSTER '${CLUSTER}'`);
  if (isForAll) body = Buffer.from(withoutReplicas(body.toString()));
  let answered: Response | undefined;
  for (const url of isForAll ? urls : urls.slice(0, 1)) {
    answered = await fetch(url + (request.url ?? ""), {
      method: request.method ?? "POST",
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body }),
    });
    if (!answered.ok) break;
  }
  if (!answered) throw new Error("no server");
  return answered;
}

/** The statement for one of the servers. */
function withoutReplicas(sql: string): string {
  return sql
    .replace(` ON CLUSTER '${CLUSTER}'`, "")
    .replace(/ENGINE = Replicated(\w+)\('[^']*', '\{replica\}'(?:, )?/, "ENGINE = $1(")
    .replace(/\breplicated_deduplication_window/, "non_replicated_deduplication_window");
}

function startServer(dir: string, { http, tcp }: Ports, all: readonly Ports[]): ChildProcess {
  const dataPath = join(dir, "store");
  mkdirSync(join(dataPath, "tmp"), { recursive: true });
  const shard = ({ tcp: port }: Ports) =>
    `<shard><internal_replication>true</internal_replication>
       <replica><host>127.0.0.1</host><port>${String(port)}</port></replica></shard>`;
  writeFileSync(
    join(dir, "config.xml"),
    `<clickhouse>
  <users_config>${dir}/users.xml</users_config>
  <tmp_path>${dataPath}/tmp/</tmp_path>
  <max_server_memory_usage>${String(memoryLimitBytes)}</max_server_memory_usage>
  <tcp_port>${String(tcp)}</tcp_port>
  <remote_servers><${CLUSTER}>${all.map(shard).join("")}</${CLUSTER}></remote_servers>
</clickhouse>`,
  );
  writeFileSync(
    join(dir, "users.xml"),
    `<clickhouse><profiles><default></default></profiles><quotas><default></default></quotas>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks></default></users></clickhouse>`,
  );
  const script = fileURLToPath(new URL("../../collector/store/server-child.mjs", import.meta.url));
  const args = ["--path", dataPath, "--config-file", join(dir, "config.xml"), "--listen_host", "127.0.0.1"];
  args.push("--http_port", String(http), "--tcp_port", String(tcp), "--query", BOOTSTRAP_SQL);
  return spawn(process.execPath, [script, ...args], {
    stdio: ["pipe", "ignore", "inherit"],
    env: { PATH: process.env["PATH"], TZ: "UTC", HOME: dir, COLLECTOR_PID: String(process.pid) },
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as AddressInfo;
  await new Promise((settle) => server.close(settle));
  return port;
}
