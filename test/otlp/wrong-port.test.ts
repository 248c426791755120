/** Clients at the wrong port, or that speak no HTTP at all: they are told in words, and so is the operator. */
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveOtlpGrpc } from "../../collector/http/otlp-grpc.ts";
import { serveApp } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog, type Log } from "../../collector/store/log.ts";
import { decodeOtlp } from "../support/otlp-proto.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";

const app = { fetch: () => new Response("here") };
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const tlsHello = Buffer.from("16030100f8010000f40303", "hex").toString("latin1");
const post = (type: string) => `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 2\r\n\r\n{}`;

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
let told: string[];
const log: Log = { ...silentLog, warn: (_, message) => void told.push(message) };
const ports = { http: 0, grpc: 0 };
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-port-"));
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog });
});
afterAll(async () => {
  for (const close of closing) await close();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

async function open(): Promise<void> {
  told = [];
  const address = { host: "127.0.0.1", port: 0, log };
  const http = await serveApp(app, { ...address, grpc: () => "port 7777" });
  const grpc = await serveOtlpGrpc(receiver, { ...address, http: "port 8888" });
  closing.push(http.close, grpc.close);
  Object.assign(ports, { http: http.port, grpc: grpc.port });
}

/** All that is answered to these bytes until the server hangs up. */
function ask(port: number, bytes: string): Promise<string> {
  return new Promise((settle) => {
    const socket = createConnection(port, "127.0.0.1").setEncoding("latin1");
    let answer = "";
    socket.on("data", (text: string) => (answer += text));
    socket.on("error", () => undefined).on("close", () => settle(answer));
    socket.write(bytes, "latin1");
  });
}

describe("at the port of OTLP/gRPC", () => {
  it("HTTP/1.1 is told where OTLP/HTTP is, in JSON and in protobuf", async () => {
    await open();
    const json = await ask(ports.grpc, post("application/json"));
    expect(json).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(json.split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: 3, message: expect.stringMatching(/port 8888/) });
    const protobuf = await ask(ports.grpc, post("application/x-protobuf"));
    const status = decodeOtlp("RpcStatus", Buffer.from(protobuf.split("\r\n\r\n")[1] ?? "", "latin1"));
    expect(status).toMatchObject({ code: 3, message: expect.stringMatching(/port 8888/) });
    // Once, however often it is tried.
    expect(told).toEqual([expect.stringMatching(/port 8888/)]);
  });

  it.for([
    ["TLS", tlsHello, /has no TLS/],
    ["anything else", "hello\r\n", /is not HTTP/],
  ] as const)("%s is hung up on, and the operator is told", async ([, bytes, message]) => {
    await open();
    expect(await ask(ports.grpc, bytes)).toBe("");
    expect(told).toEqual([expect.stringMatching(message)]);
  });
});

describe("at the port of OTLP/HTTP", () => {
  it.for([
    ["HTTP/2, as of gRPC,", preface, 400, /OTLP\/gRPC is at port 7777/, 1],
    ["TLS", tlsHello, 400, /has no TLS/, 1],
    ["what is no request", "GARBAGE\r\n\r\n", 400, /not an HTTP request/, 0],
    ["a length below zero", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, /not an HTTP request/, 0],
    ["too long a head", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(300_000)}\r\n\r\n`, 431, /too large/, 0],
  ] as const)("%s is told what is wrong", async ([, bytes, status, message, lines]) => {
    await open();
    const answer = await ask(ports.http, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} [A-Z][^]*\r\nConnection: close\r\n`));
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: 3, message: expect.stringMatching(message) });
    expect(told).toHaveLength(lines);
  });
});
