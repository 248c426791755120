/** Tokens and rates over OTLP/gRPC, with the client that exporters are made of. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, makeGenericClientConstructor, Metadata, status, type Client, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ingestAuth } from "../../collector/http/ingest-auth.ts";
import { serveOtlpGrpc, type OtlpGrpcServing } from "../../collector/http/otlp-grpc.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { decodeOtlp, encodeOtlp } from "../support/otlp-proto.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { request, span } from "./conformance.cases.ts";

const token = "a-token-of-a-sender";
const bytes = (value: Buffer) => value;
const TraceClient = makeGenericClientConstructor({}, "TraceService");

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
let grpc: OtlpGrpcServing;
let client: Client;
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-grpc-auth-"));
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog });
  const authorize = ingestAuth({ tokens: [token], spansPerS: 1 });
  grpc = await serveOtlpGrpc(receiver, { host: "127.0.0.1", port: 0, authorize });
  client = new TraceClient(`127.0.0.1:${String(grpc.port)}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await grpc.close();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

/** The error that the call was answered with, and the `Status` in its details; undefined where it was taken. */
async function exportSpans(count: number, authorization?: string) {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set("authorization", authorization);
  const body = encodeOtlp("ExportTraceServiceRequest", request(...Array.from({ length: count }, () => span())));
  const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  const error = await new Promise<ServiceError | null>((settle) => {
    client.makeUnaryRequest(path, bytes, bytes, body, metadata, (failure) => settle(failure));
  });
  const details = error?.metadata.get("grpc-status-details-bin")[0];
  return error && { code: error.code, status: Buffer.isBuffer(details) ? decodeOtlp("RpcStatus", details) : undefined };
}

it.for([undefined, "", `Bearer ${token}x`, token])("a call with the authorization %s is UNAUTHENTICATED", async (header) => {
  expect(await exportSpans(1, header)).toMatchObject({ code: status.UNAUTHENTICATED, status: { code: 16 } });
});

it("a call with a token is taken, and one past its rate is told when to come again", async () => {
  expect(await exportSpans(1_000, `Bearer ${token}`)).toBeNull();
  expect(await exportSpans(1, `Bearer ${token}`)).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    status: { code: 8, details: [expect.anything()] },
  });
});
