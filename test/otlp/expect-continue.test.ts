/** Clients that ask whether their body is wanted before they send it (`Expect: 100-continue`), as curl does. */
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ingestAuth } from "../../collector/http/ingest-auth.ts";
import { otlpHandler, otlpStartingHandler } from "../../collector/http/otlp.ts";
import { serveApp, type FirstHandler } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { request, span } from "./conformance.cases.ts";

const token = "a-token-of-a-sender";
const noApp = { fetch: async (asked: Request) => new Response(await asked.text()) };

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-expect-"));
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog });
});
afterAll(async () => {
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

/** Everything that is answered to the head, and to the body where it is asked for; the last request of a connection. */
async function ask(first: FirstHandler, headers: readonly string[], path = "/v1/traces", body = ""): Promise<string> {
  const serving = await serveApp(noApp, { host: "127.0.0.1", port: 0 }, first);
  try {
    return await new Promise<string>((settle, fail) => {
      const socket = createConnection(serving.port, "127.0.0.1").setEncoding("latin1");
      let told = "";
      socket.on("error", fail).on("close", () => settle(told));
      socket.on("data", (text: string) => {
        told += text;
        if (told === "HTTP/1.1 100 Continue\r\n\r\n") socket.write(body);
        else if (!told.includes("onnection: close\r\n")) socket.end();
      });
      const head = [`POST ${path} HTTP/1.1`, "Host: x", "Expect: 100-continue", "Content-Type: application/json", ...headers];
      socket.write(`${head.join("\r\n")}\r\n\r\n`);
    });
  } finally {
    await serving.close();
  }
}

const withTokens = () => otlpHandler(receiver, { authorize: ingestAuth({ tokens: [token] }) });

it("a body that is wanted is asked for, and taken", async () => {
  const body = JSON.stringify(request(span()));
  const headers = [`Authorization: Bearer ${token}`, `Content-Length: ${String(body.length)}`];
  const told = await ask(withTokens(), headers, "/v1/traces", body);
  expect(told).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
});

it.for([
  ["without a token", withTokens, ["Content-Length: 1000"], 401],
  ["that is too large", () => otlpHandler(receiver), ["Content-Length: 70000000"], 413],
  ["while the collector starts", () => otlpStartingHandler(1), ["Content-Length: 1000"], 503],
] as const)("a body %s is refused before it is sent, and the connection ends", async ([, first, headers, status]) => {
  const told = await ask(first(), headers);
  expect(told).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
  expect(told).toMatch(/\r\nConnection: close\r\n/);
});

it("other routes ask for it, too", async () => {
  const told = await ask(() => false, ["Content-Length: 2"], "/api/x", "{}");
  expect(told).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*\{\}$/);
});
