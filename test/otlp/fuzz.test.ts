/** Damaged requests as a sender's network or bug would make them, at the door: none gets a 500, and none hangs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp, type Serving } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { arbitraryRequest } from "../support/arbitrary-spans.ts";
import { mutated, mutations } from "../support/mutate.ts";
import { encodeOtlp, type OtlpJson } from "../support/otlp-proto.ts";
import { storedSpans } from "../support/stored-spans.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { request, span } from "./conformance.cases.ts";

/** A twentieth of the cases without HTTP: each waits for the disk. */
const numRuns = Math.ceil(Number(process.env["HOPSCOPE_FUZZ_CASES"] ?? 2_000) / 20);
/** An answer that takes longer counts as none, ms. */
const answerMaxMs = 20_000;
const within = { timeout: 20_000, interval: 25 };

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
let serving: Serving;
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-fuzz-"));
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog });
  const noApp = { fetch: () => new Response(null, { status: 404 }) };
  serving = await serveApp(noApp, { host: "127.0.0.1", port: 0 }, otlpHandler(receiver));
});
afterAll(async () => {
  await serving.close();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

async function post(body: Buffer, headers: Record<string, string>): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${String(serving.port)}/v1/traces`, {
    method: "POST",
    headers,
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(answerMaxMs),
  });
  await response.arrayBuffer();
  return response.status;
}

const TITLE = "damaged $name is answered with 200 or 400, and good spans go on being stored";

it.for([
  { name: "protobuf", type: "application/x-protobuf", gzip: false },
  { name: "JSON", type: "application/json", gzip: false },
  { name: "gzipped protobuf", type: "application/x-protobuf", gzip: true },
])(TITLE, { timeout: 3_600_000 }, async ({ name, type, gzip }) => {
  const headers = { "content-type": type, ...(gzip && { "content-encoding": "gzip" }) };
  const encode = (json: OtlpJson) => {
    const body = name === "JSON" ? Buffer.from(JSON.stringify(json)) : encodeOtlp("ExportTraceServiceRequest", json);
    return gzip ? gzipSync(body) : body;
  };
  await fc.assert(
    fc.asyncProperty(arbitraryRequest, mutations, async (json, changes) => {
      expect([200, 400]).toContain(await post(mutated(encode(json), changes), headers));
    }),
    { numRuns, endOnFailure: true },
  );
  const good = span();
  expect(await post(encode(request(good)), headers)).toBe(200);
  await vi.waitFor(async () => expect(await storedSpans(db.store, String(good["traceId"]))).toHaveLength(1), within);
  expect(receiver.stats().load.refusedSegments).toBe(0);
});
