import * as fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryRequest } from "../../test/support/arbitrary-spans.ts";
import { encodeOtlp } from "../../test/support/otlp-proto.ts";
import { OtlpError } from "./errors.ts";
import { otlpJsonToProtobuf } from "./otlp-json.ts";
import { SpanTranscoder } from "./transcode-spans.ts";

/** `HOPSCOPE_FUZZ_CASES=100000` for the long run. */
const numRuns = Number(process.env["HOPSCOPE_FUZZ_CASES"] ?? 2_000);

/** Places and what happens there: bytes overwritten, cut out, or doubled. */
const mutations = fc.array(
  fc.record({ at: fc.nat(), do: fc.constantFrom("set", "cut", "double", "end"), byte: fc.nat(255), size: fc.nat(40) }),
  { minLength: 1, maxLength: 6 },
);

function mutated(body: Buffer, changes: readonly { at: number; do: string; byte: number; size: number }[]): Buffer {
  let bytes = Buffer.from(body);
  for (const change of changes) {
    const at = bytes.length === 0 ? 0 : change.at % bytes.length;
    if (change.do === "set" && bytes.length > 0) bytes[at] = change.byte;
    else if (change.do === "cut") bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + change.size)]);
    else if (change.do === "double") bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - change.size))]);
    else if (change.do === "end") bytes = bytes.subarray(0, at);
  }
  return bytes;
}

/** A request that is sure to be good, before and after the bad ones. */
const good = encodeOtlp("ExportTraceServiceRequest", {
  resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "a".repeat(32), spanId: "b".repeat(16), name: "good" }] }] }],
});

it.for(["protobuf", "json"] as const)("no mutation of a valid %s request does more than get a 400", { timeout: 600_000 }, (form) => {
  const transcoder = new SpanTranscoder({ retentionDays: 30, now: () => 1_750_000_000_000 });
  const alone = new SpanTranscoder({ retentionDays: 30, now: () => 1_750_000_000_000 });
  fc.assert(
    fc.property(arbitraryRequest, mutations, (request, changes) => {
      const valid = form === "json" ? Buffer.from(JSON.stringify(request)) : encodeOtlp("ExportTraceServiceRequest", request);
      const bad = mutated(valid, changes);
      transcoder.transcode(good);
      try {
        transcoder.transcode(form === "json" ? otlpJsonToProtobuf(bad) : bad);
        transcoder.undo();
      } catch (error) {
        expect(error).toBeInstanceOf(OtlpError);
        expect((error as OtlpError).httpStatus).toBe(400);
      }
      // What was there before stays as it was, to the byte, but for words that the bad one left in dictionaries.
      expect(transcoder.rows).toBe(1);
      const [block] = transcoder.takeBlocks();
      alone.transcode(good);
      expect(block?.rows).toBe(alone.takeBlocks()[0]?.rows);
    }),
    { numRuns },
  );
});

it("random bytes never do more than get a 400", () => {
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        transcoder.transcode(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(OtlpError);
      }
    }),
    { numRuns },
  );
});
