/** Refusals that need no body: they are given before it comes, and what still comes of it is bounded. */
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp, type Serving } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";

const mib = 1024 * 1024;
/** More than is read of a body that nobody wants, and of what may lie in buffers on its way. */
const lingerMaxBytes = 192 * mib;

let db: TestStore;
let dataDir: string;
let full: Receiver;
let serving: Serving;
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-early-"));
  const limits = { walSizeMaxBytes: -1 };
  full = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog, limits });
  serving = await serveApp({ fetch: () => new Response() }, { host: "127.0.0.1", port: 0 }, otlpHandler(full));
});
afterAll(async () => {
  await serving.close();
  await full.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

/** Sends the head of a request; the connection, and what is answered as it comes. */
function begin(...headers: readonly string[]): { readonly socket: Socket; readonly head: Promise<string> } {
  const socket = createConnection(serving.port, "127.0.0.1").setEncoding("latin1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  const lines = ["POST /v1/traces HTTP/1.1", "Host: x", "Content-Type: application/json", ...headers];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const head = new Promise<string>((settle) => {
    let told = "";
    socket.on("data", (text: string) => {
      told += text;
      if (told.includes("write-ahead log is full")) settle(told);
    });
  });
  return { socket, head };
}

it.for([
  ["a length", "Content-Length: 1000", "keep-alive"],
  ["a great length", "Content-Length: 50000000", "close"],
  ["none, in chunks,", "Transfer-Encoding: chunked", "close"],
] as const)("with a full log, a body of %s is refused before it comes", async ([, header, connection]) => {
  const head = await begin(header).head;
  expect(head).toMatch(/^HTTP\/1\.1 503 /);
  expect(head).toMatch(/\r\nRetry-After: \d+\r\n/);
  expect(head.toLowerCase()).toContain(`\r\nconnection: ${connection}\r\n`);
});

it("a connection whose small body was refused is used again", async () => {
  const { socket, head } = begin("Content-Length: 2");
  await head;
  const again = new Promise<string>((settle) => socket.once("data", settle));
  socket.write("{}GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await again).toMatch(/^HTTP\/1\.1 405 /);
});

it("a refused body that never ends is not read for ever", async () => {
  const { socket, head } = begin("Transfer-Encoding: chunked");
  const closed = new Promise<void>((settle) => socket.once("close", () => settle()));
  await head;
  const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(mib), Buffer.from("\r\n")]);
  const send = () => {
    while (!socket.destroyed && socket.write(chunk));
    if (!socket.destroyed) socket.once("drain", send);
  };
  send();
  await closed;
  expect(socket.bytesWritten).toBeLessThan(lingerMaxBytes);
});
