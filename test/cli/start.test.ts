/** Starting and ending the command, good and bad, as a user does it. */
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { descendants, isRunning, startCli, temporaryDir } from "../support/cli.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";

function oneSpan(): string {
  const now = BigInt(Date.now()) * 1_000_000n;
  const attributes = [{ key: "service.name", value: { stringValue: "shop" } }];
  const span = {
    traceId,
    spanId: "b7ad6b7169203331",
    name: "POST /orders",
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 5_000_000n),
  };
  return JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] });
}

async function portTaken(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as AddressInfo;
  await new Promise((settle) => server.close(settle));
  return port;
}

describe("a bad start ends with one line that says what to do, and exit code 1", () => {
  it.for([
    ["a port already taken", async () => ({ HOPSCOPE_PORT: String(await portTaken()) }), /in use.*HOPSCOPE_PORT/],
    [
      "a port for gRPC already taken",
      async () => ({ HOPSCOPE_DATA_DIR: temporaryDir(), HOPSCOPE_GRPC_PORT: String(await portTaken()) }),
      /in use.*HOPSCOPE_GRPC_PORT/,
    ],
    [
      "a data directory that cannot be written",
      async () => {
        const file = join(temporaryDir(), "file");
        writeFileSync(file, "");
        return { HOPSCOPE_DATA_DIR: join(file, "data") };
      },
      /cannot be written.*HOPSCOPE_DATA_DIR/,
    ],
    [
      "a data directory where none can be made",
      async () => ({ HOPSCOPE_DATA_DIR: "/proc/hopscope/data" }),
      /\/proc\/hopscope\/data cannot be written.*HOPSCOPE_DATA_DIR/,
    ],
    [
      "a data directory in use by another collector",
      async () => {
        const dataDir = temporaryDir();
        await startCli(["start"], { HOPSCOPE_DATA_DIR: dataDir }).ready();
        return { HOPSCOPE_DATA_DIR: dataDir };
      },
      /in use by another collector.*HOPSCOPE_DATA_DIR/,
    ],
    [
      "an embedded database that does not run here",
      async () => ({ HOPSCOPE_DATA_DIR: temporaryDir(), HOPSCOPE_CLICKHOUSE_BIN: "/bin/false" }),
      /does not run on this machine.*HOPSCOPE_CLICKHOUSE_URL/,
    ],
    [
      "a ClickHouse that does not answer",
      async () => ({ HOPSCOPE_DATA_DIR: temporaryDir(), HOPSCOPE_CLICKHOUSE_URL: "http://127.0.0.1:1" }),
      /127\.0\.0\.1:1.*HOPSCOPE_CLICKHOUSE_URL/,
    ],
    ["a wrong setting", async () => ({ HOPSCOPE_RETENTION_DAYS: "none" }), /HOPSCOPE_RETENTION_DAYS is "none"/],
    ["a host that lets other machines in, and nothing that says who may", async () => ({ HOPSCOPE_HOST: "0.0.0.0" }), /HOPSCOPE_INGEST_TOKENS/],
    ["a host of another machine", async () => ({ HOPSCOPE_HOST: "192.0.2.1", HOPSCOPE_AUTH: "off" }), /192\.0\.2\.1.*this machine/],
  ] as const)("%s", async ([, prepare, message]) => {
    const cli = startCli(["start"], await prepare());
    expect(await cli.exitCode).toBe(1);
    expect(cli.stderr()).toMatch(message);
    expect(cli.stderr().trim().split("\n")).toHaveLength(1);
  });

  it("an unknown command", async () => {
    const cli = startCli(["strat"]);
    expect(await cli.exitCode).toBe(1);
    expect(cli.stderr()).toBe('hopscope: "strat" is no command; the commands are start, demo, doctor, check-alerts (see hopscope --help).\n');
  });
});

// Exit code 0 says that all ended within the two seconds that the command gives itself.
it.for(["SIGINT", "SIGTERM"] as const)("%s ends the collector in time and leaves no process behind", async (signal) => {
  const cli = startCli(["start"], { HOPSCOPE_DATA_DIR: temporaryDir() });
  const url = await cli.ready();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const children = descendants(cli.pid);
  expect(children.length).toBeGreaterThan(0);
  cli.signal(signal);
  // npm and a terminal may both hand on the same Ctrl-C.
  cli.signal(signal);
  expect(await cli.exitCode).toBe(0);
  expect(cli.stderr()).toBe("");
  await vi.waitFor(() => expect(children.filter(isRunning)).toEqual([]));
});

it("lives while it starts, and tells senders to come again in words that they understand", async () => {
  const port = String(await freePort());
  // A server that takes connections and never answers.
  const silent = `http://127.0.0.1:${String(await portTaken())}`;
  startCli(["start"], { HOPSCOPE_DATA_DIR: temporaryDir(), HOPSCOPE_PORT: port, HOPSCOPE_CLICKHOUSE_URL: silent });
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await fetch(`${url}/healthz`)).status).toBe(200), { timeout: 30_000, interval: 50 });
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  const sent = await fetch(`${url}/v1/traces`, { method: "POST", headers: { "content-type": "application/json" }, body: oneSpan() });
  expect(sent.status).toBe(503);
  expect(sent.headers.get("retry-after")).toBe("1");
  expect(await sent.json()).toMatchObject({ code: 14, message: "the collector is starting" });
});

it("takes spans over OTLP/gRPC at the port that it names", async () => {
  const cli = startCli(["start"], { HOPSCOPE_DATA_DIR: temporaryDir(), HOPSCOPE_GRPC_PORT: "0" });
  const url = await cli.ready();
  const exporter = new GrpcExporter({ url: /gRPC: (http:\S+?)\)/.exec(cli.stdout())?.[1] ?? "no gRPC" });
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  onTestFinished(() => provider.shutdown());
  provider.getTracer("test").startSpan("over gRPC").end();
  await provider.forceFlush();
  await vi.waitFor(
    async () => expect(await (await fetch(`${url}/api/flows`)).text()).toContain("over gRPC"),
    { timeout: 20_000, interval: 100 },
  );
});

it("lets in only who has a token, or the password", async () => {
  const token = "a-token-of-a-sender";
  const password = "a password of a reader";
  const env = {
    HOPSCOPE_DATA_DIR: temporaryDir(),
    HOPSCOPE_HOST: "0.0.0.0",
    HOPSCOPE_INGEST_TOKENS: token,
    HOPSCOPE_UI_PASSWORD: password,
  };
  const cli = startCli(["start"], env);
  const url = await cli.ready();
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/v1/traces`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: oneSpan() });
  const basic = `Basic ${Buffer.from(`me:${password}`).toString("base64")}`;
  expect((await post({})).status).toBe(401);
  expect((await post({ authorization: basic })).status).toBe(401);
  expect((await post({ authorization: `Bearer ${token}` })).status).toBe(200);
  for (const path of ["/", "/api/flows", "/metrics", "/api/traces"]) {
    expect((await fetch(`${url}${path}`)).status).toBe(401);
    expect((await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  }
  expect((await fetch(`${url}/api/flows`, { headers: { authorization: basic } })).status).toBe(200);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const rules = fileURLToPath(new URL("../../collector/alert/pack/serverless.yml", import.meta.url));
  const check = startCli(["check-alerts", rules, "--since", "15m"], { ...env, HOPSCOPE_PORT: new URL(url).port });
  expect({ exitCode: await check.exitCode, stderr: check.stderr() }).toEqual({ exitCode: 0, stderr: "" });
  expect(check.stdout()).toContain("0 messages");
});

it("a collector that is killed leaves no database behind", async () => {
  const cli = startCli(["start"], { HOPSCOPE_DATA_DIR: temporaryDir() });
  await cli.ready();
  const children = descendants(cli.pid);
  cli.signal("SIGKILL");
  await cli.exitCode;
  await vi.waitFor(() => expect(children.filter(isRunning)).toEqual([]), { timeout: 10_000 });
});

it("a span acknowledged just before Ctrl-C is there after the next start", async () => {
  const dataDir = temporaryDir();
  const first = startCli(["start"], { HOPSCOPE_DATA_DIR: dataDir });
  const sent = await fetch(`${await first.ready()}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: oneSpan(),
  });
  expect(sent.status).toBe(200);
  first.signal("SIGINT");
  expect(await first.exitCode).toBe(0);

  const second = startCli(["start"], { HOPSCOPE_DATA_DIR: dataDir });
  const url = await second.ready();
  await vi.waitFor(
    async () => {
      const response = await fetch(`${url}/api/flows/${traceId}`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ flow: { id: traceId, name: "POST /orders" } });
    },
    { timeout: 10_000 },
  );
});

it("help names every command", async () => {
  const cli = startCli(["--help"]);
  expect(await cli.exitCode).toBe(0);
  expect(cli.stdout()).toMatch(/start[^]*demo[^]*doctor/);
});

it("the doctor says that the collector runs here, and what is wrong where it does not", async () => {
  const well = startCli(["doctor"], { HOPSCOPE_DATA_DIR: temporaryDir() });
  expect(await well.exitCode).toBe(0);
  expect(well.stdout()).toMatch(/^ok {6}embedded ClickHouse \d+/m);
  expect(well.stdout()).not.toContain("FAILED");

  const ill = startCli(["doctor"], { HOPSCOPE_CLICKHOUSE_URL: "http://127.0.0.1:1", HOPSCOPE_DATA_DIR: temporaryDir() });
  expect(await ill.exitCode).toBe(1);
  expect(ill.stdout()).toMatch(/^FAILED {2}ClickHouse at http:\/\/127\.0\.0\.1:1/m);
});
