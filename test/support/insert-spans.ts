/** Puts spans into a store the way ingestion does, without a collector round it. */
import { randomBytes } from "node:crypto";
import { toOtlp } from "../../collector/http/otlp-export.ts";
import { otlpJsonToProtobuf } from "../../collector/ingest/otlp-json.ts";
import { SpanTranscoder } from "../../collector/ingest/transcode-spans.ts";
import type { Store } from "../../collector/store/store.ts";
import type { Span } from "../../schema/flow.ts";

/** Spans of one OTLP request. */
const spansPerRequest = 5_000;

/** Transcodes the spans and inserts them; when it resolves, every query finds them. */
export async function insertSpans(store: Store, spans: readonly Span[]): Promise<void> {
  const requests: object[] = [];
  for (let at = 0; at < spans.length; at += spansPerRequest) {
    requests.push(toOtlp(spans.slice(at, at + spansPerRequest).map(withServiceName)));
  }
  await insertOtlp(store, ...requests);
}

/** The same for requests in OTLP/JSON. */
export async function insertOtlp(store: Store, ...requests: readonly object[]): Promise<void> {
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  for (const request of requests) transcoder.transcode(otlpJsonToProtobuf(Buffer.from(JSON.stringify(request))));
  const blocks = transcoder.takeBlocks().map(({ bytes }) => bytes);
  await store.insertNative("spans", blocks, randomBytes(8).toString("hex"));
}

function withServiceName(span: Span): Span {
  return { ...span, resource: { "service.name": span.service, ...span.resource } };
}
