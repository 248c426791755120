import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { arbitraryRequest } from "../../test/support/arbitrary-spans.ts";
import { ForgetfulDisk } from "../../test/support/forgetful-disk.ts";
import { encodeOtlp } from "../../test/support/otlp-proto.ts";
import { asStored, storedSpans } from "../../test/support/stored-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { Payload, spansPerRequest } from "../../bench/ingest/payload.ts";
import { silentLog } from "../store/log.ts";
import { nativeBlocks } from "../store/native-answer.ts";
import { BlockJoiner } from "./block-joiner.ts";
import { ByteBuffer, viewOf } from "./byte-buffer.ts";
import { blockRowsMax } from "./limits.ts";
import { JoinedRecords } from "./kept-records.ts";
import { writeBlock } from "./native-block.ts";
import { LowCardinalityColumn } from "./native-columns.ts";
import { SpanTranscoder } from "./transcode-spans.ts";
import { Wal, type ClosedSegment } from "./wal.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

const newTranscoder = () => new SpanTranscoder({ retentionDays: 30, now: () => 1_750_000_000_000 });
const requests = fc.array(
  arbitraryRequest.map((request) => encodeOtlp("ExportTraceServiceRequest", request)),
  { minLength: 1, maxLength: 6 },
);

it("rows of many commits make the same block as rows of one", { timeout: 60_000 }, () => {
  const joiner = new BlockJoiner();
  fc.assert(
    fc.property(requests, (bodies) => {
      const many = newTranscoder();
      const one = newTranscoder();
      for (const body of bodies) {
        many.transcode(body);
        one.transcode(body);
        for (const { bytes } of many.takeBlocks()) joiner.add(bytes);
      }
      const joined = joiner.finish().map(({ bytes }) => bytes.toString("latin1"));
      for (const { bytes } of one.takeBlocks()) joiner.add(bytes);
      expect(joined).toEqual(joiner.finish().map(({ bytes }) => bytes.toString("latin1")));
    }),
    { numRuns: 100 },
  );
});

it("joined blocks come back out of the store as the requests were sent", { timeout: 60_000 }, async () => {
  const joiner = new BlockJoiner();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryRequest, { minLength: 2, maxLength: 4 }), async (sent) => {
      run += 1;
      const transcoder = new SpanTranscoder({ retentionDays: 30 });
      for (const request of sent) {
        transcoder.transcode(encodeOtlp("ExportTraceServiceRequest", request));
        for (const { bytes } of transcoder.takeBlocks()) joiner.add(bytes);
      }
      const blocks = joiner.finish().map(({ bytes }) => bytes);
      await db.store.command("TRUNCATE TABLE spans");
      if (blocks.length > 0) await db.store.insertNative("spans", blocks, `joined-${String(run)}`);
      const resourceSpans = sent.flatMap((request) => request.resourceSpans ?? []);
      expect(await storedSpans(db.store)).toEqual(asStored({ resourceSpans }));
    }),
    { numRuns: 15, interruptAfterTimeLimit: 40_000, endOnFailure: true },
  );
});

it("a repeat of an insert with what the segment's file holds changes nothing", { timeout: 60_000 }, async () => {
  const disk = new ForgetfulDisk();
  const open = () => Wal.open({ dir: "/wal", log: silentLog, files: disk, keepRecords: () => new JoinedRecords() });
  const insert = async (wal: Wal) => {
    const { records } = await wal.read(wal.first() as ClosedSegment);
    await db.store.insertNative("spans", records.map(({ payload }) => payload), "once");
    return Promise.all(
      ["spans", "trace_index", "hop_keys", "function_minutes"].map((table) => db.store.query(`SELECT count() FROM ${table}`)),
    );
  };
  const written = await open();
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  for (let commit = 0; commit < 3; commit += 1) {
    const payload = new Payload(commit);
    payload.refresh();
    transcoder.transcode(payload.body);
    const [block] = transcoder.takeBlocks();
    if (block) await written.append({ payload: block.bytes, rows: block.rows, requests: [], release: block.release });
  }
  await written.close();
  await db.store.command("TRUNCATE TABLE spans");
  const once = await insert(written);
  expect(once[0]).toEqual([{ "count()": String(3 * spansPerRequest) }]);
  expect(await insert(await open())).toEqual(once);
});

it("records that are no blocks are loaded as they are", async () => {
  const disk = new ForgetfulDisk();
  const before = await Wal.open({ dir: "/wal", log: silentLog, files: disk });
  await before.append({ payload: Buffer.from([3, 1, 1, 0x41]), rows: 1, requests: ["00".repeat(16)] });
  const wal = await Wal.open({ dir: "/wal", log: silentLog, files: disk, keepRecords: () => new JoinedRecords() });
  const { records } = await wal.read(wal.first() as ClosedSegment);
  expect(records).toMatchObject([{ payload: Buffer.from([3, 1, 1, 0x41]), requests: ["00".repeat(16)] }]);
});

it("a joined block has no more rows than one block may have, and forgets what is reset", () => {
  const joiner = new BlockJoiner();
  const block = (rows: number) => {
    const out = new ByteBuffer();
    out.varint(1);
    out.varint(rows);
    out.text("kind");
    out.text("UInt8");
    for (let row = 0; row < rows; row += 1) out.byte(3);
    return Buffer.from(out.bytes.subarray(0, out.length));
  };
  joiner.add(block(blockRowsMax - 1));
  joiner.reset();
  for (const rows of [blockRowsMax - 1, 1, 1, 5]) joiner.add(block(rows));
  const joined = joiner.finish();
  expect(joined.map(({ bytes }) => bytes)).toEqual([block(blockRowsMax), block(6)]);
  expect(joined.map(({ rows }) => rows)).toEqual([blockRowsMax, 6]);
  expect(joiner.finish()).toEqual([]);
});

/** A block of one column with these texts. */
function blockOf(texts: readonly string[]): Buffer {
  const column = new LowCardinalityColumn("name");
  column.ensureRows(texts.length);
  texts.forEach((text, row) => {
    if (text !== "") column.set(row, viewOf(Buffer.from(text)), 0, text.length);
  });
  const out = new ByteBuffer();
  writeBlock(out, [column], texts.length);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

/** Rows of which few or many differ. */
const textsOfBlock = fc
  .constantFrom(2, 15, 16, 17, 400)
  .chain((texts) => fc.array(fc.nat({ max: texts }), { minLength: 1, maxLength: 100 }))
  .map((numbers) => ["always", ...numbers.map((number) => (number === 0 ? "" : `text ${String(number)}`))]);

it("texts that rows share are joined as they were, of however many a block has", () => {
  const joiner = new BlockJoiner();
  fc.assert(
    fc.property(fc.array(textsOfBlock, { minLength: 1, maxLength: 8 }), (blocks) => {
      for (const texts of blocks) joiner.add(blockOf(texts));
      const joined = joiner.finish().flatMap(({ bytes }) => [...nativeBlocks(bytes)]);
      expect(joined.flatMap((block) => [...(block.texts("name") as string[])])).toEqual(blocks.flat());
    }),
    { numRuns: 200 },
  );
});

it.for([1, 15, 16, 17, 40])("a row whose text is none of its block's is found in a block of %i rows", (rows) => {
  for (let row = 1; row <= rows; row += 1) {
    const joiner = new BlockJoiner();
    const block = blockOf(Array.from({ length: rows }, () => "the only text"));
    // Indexes are bytes and stand at the end: 0 is the empty text, 1 the only one.
    block[block.length - row] = 2;
    expect(() => joiner.add(block)).toThrow("not whole");
  }
});
