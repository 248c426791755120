import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { SimpleSpanProcessor, TracerProvider, type SpanExporter } from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { serveOtlpGrpc, type OtlpGrpcServing } from "../../collector/http/otlp-grpc.ts";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp, type Serving } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { storedSpans } from "../support/stored-spans.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";

/** Nothing but OTLP is served here. */
const noApp = { fetch: () => new Response(null, { status: 404 }) };

/** `CompressionAlgorithm` of the exporters' base package, which is not ours to import. */
const gzip = "gzip" as never;
const within = { timeout: 20_000, interval: 25 };

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
let serving: Serving;
let grpc: OtlpGrpcServing;
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-exporters-"));
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog });
  serving = await serveApp(noApp, { host: "127.0.0.1", port: 0 }, otlpHandler(receiver));
  grpc = await serveOtlpGrpc(receiver, { host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await serving.close();
  await grpc.close();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

const httpUrl = () => `http://127.0.0.1:${String(serving.port)}/v1/traces`;
const grpcUrl = () => `http://127.0.0.1:${String(grpc.port)}`;

const exporters: readonly { name: string; make: () => SpanExporter }[] = [
  { name: "protobuf", make: () => new ProtoExporter({ url: httpUrl() }) },
  { name: "protobuf, gzip", make: () => new ProtoExporter({ url: httpUrl(), compression: gzip }) },
  { name: "JSON", make: () => new HttpExporter({ url: httpUrl() }) },
  { name: "JSON, gzip", make: () => new HttpExporter({ url: httpUrl(), compression: gzip }) },
  { name: "gRPC", make: () => new GrpcExporter({ url: grpcUrl() }) },
  { name: "gRPC, gzip", make: () => new GrpcExporter({ url: grpcUrl(), compression: gzip }) },
];

describe("the unmodified OpenTelemetry exporters", () => {
  it.for(exporters)("$name: what the SDK recorded is what the store has", async ({ make }) => {
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ "service.name": "shop", "faas.name": "checkout" }),
      spanProcessors: [new SimpleSpanProcessor({ exporter: make() })],
    });
    const tracer = provider.getTracer("exporters", "1.2.3");
    const parent = tracer.startSpan("POST /orders", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    const inner = trace.setSpan(ROOT_CONTEXT, parent);
    const child = tracer.startSpan(
      "send orders",
      {
        kind: SpanKind.PRODUCER,
        attributes: { "messaging.system": "aws.sns", "messaging.message.id": "m-1", sizes: [1, 2], ratio: 0.5, ok: true },
        links: [{ context: parent.spanContext(), attributes: { why: "batch" } }],
      },
      inner,
    );
    child.recordException(new Error("no such topic"));
    child.setStatus({ code: SpanStatusCode.ERROR, message: "no such topic" });
    child.end();
    parent.end();
    await context.with(ROOT_CONTEXT, () => provider.forceFlush());
    await provider.shutdown();

    const { traceId, spanId } = child.spanContext();
    await vi.waitFor(async () => expect(await storedSpans(db.store, traceId)).toHaveLength(2), within);
    const stored = await storedSpans(db.store, traceId);
    expect(stored.find(({ span }) => span["spanId"] === spanId)).toMatchObject({
      resource: { attributes: expect.arrayContaining([{ key: "service.name", value: { stringValue: "shop" } }]) as unknown },
      scope: { name: "exporters", version: "1.2.3" },
      span: {
        traceId,
        parentSpanId: parent.spanContext().spanId,
        name: "send orders",
        kind: 4,
        status: { code: 2, message: "no such topic" },
        attributes: [
          { key: "messaging.message.id", value: { stringValue: "m-1" } },
          { key: "messaging.system", value: { stringValue: "aws.sns" } },
          { key: "ok", value: { boolValue: true } },
          { key: "ratio", value: { doubleValue: 0.5 } },
          { key: "sizes", value: { arrayValue: { values: [{ intValue: "1" }, { intValue: "2" }] } } },
        ],
        events: [{ name: "exception" }],
        links: [{ traceId, spanId: parent.spanContext().spanId }],
      },
    });
  });
});
