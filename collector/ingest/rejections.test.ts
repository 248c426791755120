import { expect, it } from "vitest";
import { encodeOtlp } from "../../test/support/otlp-proto.ts";
import { rejectionsMax } from "./limits.ts";
import { SpanTranscoder } from "./transcode-spans.ts";

const requestOf = (empty: number, ...others: readonly object[]) =>
  encodeOtlp("ExportTraceServiceRequest", {
    resourceSpans: [{ scopeSpans: [{ spans: [...others, ...Array.from({ length: empty }, () => ({}))] }] }],
  });
const good = { traceId: "a".repeat(32), spanId: "b".repeat(16), name: "good" };

it("a request with more spans that cannot be kept than anyone sends is refused, and leaves the next one alone", () => {
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  expect(() => transcoder.transcode(requestOf(rejectionsMax + 1, good))).toThrow(/more than 10000 spans cannot be kept/);
  expect(transcoder.rows).toBe(0);
  expect(transcoder.counts.rejectedIds).toBe(0);
  expect(transcoder.transcode(requestOf(rejectionsMax, good))).toMatchObject({ spans: 1, rejected: rejectionsMax });
});
