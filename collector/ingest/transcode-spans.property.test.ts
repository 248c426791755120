import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { arbitraryRequest } from "../../test/support/arbitrary-spans.ts";
import { encodeOtlp } from "../../test/support/otlp-proto.ts";
import { asStored, storedSpans } from "../../test/support/stored-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { otlpJsonToProtobuf } from "./otlp-json.ts";
import { SpanTranscoder } from "./transcode-spans.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

it("any valid request comes back out of the store as it was sent", { timeout: 60_000 }, async () => {
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryRequest, async (request) => {
      run += 1;
      transcoder.transcode(encodeOtlp("ExportTraceServiceRequest", request));
      const blocks = transcoder.takeBlocks().map((block) => block.bytes);
      await db.store.command("TRUNCATE TABLE spans");
      if (blocks.length > 0) await db.store.insertNative("spans", blocks, `run-${String(run)}`);
      expect(await storedSpans(db.store)).toEqual(asStored(request));
    }),
    { numRuns: 40, interruptAfterTimeLimit: 40_000, endOnFailure: true },
  );
});

it("any valid request makes the same block from JSON as from protobuf", { timeout: 60_000 }, () => {
  const block = (body: Uint8Array) => {
    const transcoder = new SpanTranscoder({ retentionDays: 30, now: () => 1_750_000_000_000 });
    transcoder.transcode(body);
    return transcoder.takeBlocks().map(({ bytes }) => bytes.toString("latin1"));
  };
  fc.assert(
    fc.property(arbitraryRequest, (request) => {
      const fromJson = block(otlpJsonToProtobuf(Buffer.from(JSON.stringify(request))));
      expect(fromJson).toEqual(block(encodeOtlp("ExportTraceServiceRequest", request)));
    }),
    { numRuns: 100 },
  );
});
