import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeSegment,
  encodeRecord,
  encodeSegmentEnd,
  encodeSegmentHeader,
  isUnusedSegment,
  newSegmentId,
  recordHeaderBytes,
  segmentHeadBytes,
  segmentHeaderBytes,
} from "./segment.ts";

const number = 7;
const id = newSegmentId(number);
/** Of the segment that the file held before. */
const oldId = newSegmentId(number - 1);
const request = "ffeeddccbbaa99887766554433221100";
const records = [
  { payload: Buffer.from("first"), rows: 1, requests: [request] },
  { payload: Buffer.from("second"), rows: 2, requests: [] },
  { payload: Buffer.from("third"), rows: 3, requests: [] },
];
const encoded = records.map((record) => Buffer.concat(encodeRecord(id, record)));
const [first, second, third] = encoded as [Buffer, Buffer, Buffer];
const end = encodeSegmentEnd(id);
const open = Buffer.concat([encodeSegmentHeader(id), first, second, third]);
const closed = Buffer.concat([open, end]);
const secondAt = segmentHeaderBytes + first.length;
const thirdAt = secondAt + second.length;

/** Records of the same lengths with other rows, and more of them: where one of these ends, one of those begins. */
const oldRecords = [...records, ...records].map(({ payload, ...record }) => ({
  ...record,
  payload: Buffer.from(payload.toString().toUpperCase()),
  rows: record.rows + 90,
}));
const old = Buffer.concat([
  encodeSegmentHeader(oldId),
  ...oldRecords.flatMap((record) => encodeRecord(oldId, record)),
  encodeSegmentEnd(oldId),
]);

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** The file that is there once `bytes` are written over the old segment. */
function overOld(bytes: Buffer, oldBytes: Buffer = old): Buffer {
  return Buffer.concat([bytes, oldBytes.subarray(bytes.length)]);
}

/** Between two places the old bytes are still there. */
function withOld(bytes: Buffer, from: number, to: number): Buffer {
  return Buffer.concat([bytes.subarray(0, from), old.subarray(from, to), bytes.subarray(to)]);
}

/** The header of a record that is longer than the file. */
function overlong(): Buffer {
  return Buffer.concat(encodeRecord(id, { payload: Buffer.alloc(10_000), rows: 9, requests: [] })).subarray(0, 50);
}

interface Case {
  readonly name: string;
  readonly bytes: Buffer;
  readonly rows: readonly number[];
  readonly id?: string;
  readonly damaged?: boolean;
  readonly tail?: boolean;
}

const inNewFiles: readonly Case[] = [
  { name: "open", bytes: open, rows: [1, 2, 3] },
  { name: "closed", bytes: closed, rows: [1, 2, 3] },
  { name: "empty file", bytes: Buffer.alloc(0), rows: [], id: "" },
  { name: "torn header", bytes: open.subarray(0, 20), rows: [], id: "" },
  { name: "a file that has grown by zeros alone", bytes: Buffer.alloc(4096), rows: [], id: "" },
  { name: "header alone", bytes: open.subarray(0, segmentHeaderBytes), rows: [] },
  { name: "torn tail in a record's id", bytes: open.subarray(0, thirdAt + 10), rows: [1, 2] },
  { name: "torn tail in a record's header", bytes: open.subarray(0, thirdAt + 30), rows: [1, 2] },
  { name: "torn tail in a record's data", bytes: open.subarray(0, open.length - 1), rows: [1, 2], tail: true },
  { name: "torn end", bytes: closed.subarray(0, closed.length - 1), rows: [1, 2, 3] },
  { name: "tail of zeros, as a power cut leaves it", bytes: Buffer.concat([open, Buffer.alloc(4096)]), rows: [1, 2, 3] },
  { name: "a record of zeros behind its header", bytes: Buffer.concat([open.subarray(0, thirdAt + 40), Buffer.alloc(99)]), rows: [1, 2], tail: true },
];

/** Whatever is behind the segment: nothing, or what the file held before. */
const anywhere: readonly Case[] = [
  { name: "wrong magic", bytes: flipped(closed, 0), rows: [1, 2, 3], damaged: true },
  { name: "wrong header checksum", bytes: flipped(closed, 12), rows: [1, 2, 3], damaged: true },
  { name: "first record damaged", bytes: flipped(open, segmentHeaderBytes + recordHeaderBytes + 17), rows: [2, 3], damaged: true },
  { name: "record in the middle damaged", bytes: flipped(open, secondAt + recordHeaderBytes), rows: [1, 3], damaged: true },
  { name: "a record's size damaged", bytes: flipped(open, secondAt + 20), rows: [1, 3], damaged: true },
  { name: "a record's request damaged", bytes: flipped(open, segmentHeaderBytes + recordHeaderBytes), rows: [2, 3], damaged: true },
  { name: "a record's segment id damaged", bytes: flipped(open, secondAt), rows: [1, 3], damaged: true },
  { name: "last record of a closed segment damaged", bytes: flipped(closed, thirdAt + recordHeaderBytes), rows: [1, 2], damaged: true },
  { name: "header of the last record of a closed segment damaged", bytes: flipped(closed, thirdAt + 25), rows: [1, 2], damaged: true },
  {
    name: "the only record of a closed segment damaged",
    bytes: Buffer.concat([flipped(open, segmentHeaderBytes + 50).subarray(0, secondAt), end]),
    rows: [],
    damaged: true,
  },
  { name: "last record of an open segment not whole", bytes: flipped(open, thirdAt + recordHeaderBytes), rows: [1, 2], tail: true },
  { name: "end damaged", bytes: flipped(closed, closed.length - 1), rows: [1, 2, 3] },
  {
    name: "a size that points beyond the file, with its checksum right",
    bytes: Buffer.concat([open.subarray(0, secondAt), overlong(), third]),
    rows: [1, 3],
    damaged: true,
  },
  {
    name: "a hole of zeros in the middle",
    bytes: Buffer.concat([open.subarray(0, secondAt), Buffer.alloc(second.length), third]),
    rows: [1, 3],
    damaged: true,
  },
  {
    name: "rubbish between records",
    bytes: Buffer.concat([open.subarray(0, thirdAt), Buffer.from(id, "hex"), Buffer.from("?"), third]),
    rows: [1, 2, 3],
    damaged: true,
  },
];

const inUsedFiles: readonly Case[] = [
  { name: "open", bytes: overOld(open), rows: [1, 2, 3] },
  { name: "closed", bytes: overOld(closed), rows: [1, 2, 3] },
  { name: "closed, with old records as far as they go", bytes: Buffer.concat([closed, old.subarray(segmentHeaderBytes)]), rows: [1, 2, 3] },
  { name: "header alone", bytes: overOld(open.subarray(0, segmentHeaderBytes)), rows: [] },
  { name: "header damaged before a record was written", bytes: overOld(flipped(open.subarray(0, segmentHeaderBytes), 9)), rows: [], id: "", damaged: true },
  { name: "torn tail in a record's id", bytes: overOld(open.subarray(0, thirdAt + 4)), rows: [1, 2] },
  { name: "torn tail in a record's header", bytes: overOld(open.subarray(0, thirdAt + 30)), rows: [1, 2] },
  { name: "torn tail in a record's data", bytes: overOld(open.subarray(0, open.length - 1)), rows: [1, 2], tail: true },
  { name: "the only record's data not written", bytes: withOld(open.subarray(0, secondAt), 80, secondAt), rows: [], tail: true },
  { name: "a record's data written and its header not", bytes: withOld(overOld(open), thirdAt, thirdAt + 40), rows: [1, 2] },
  { name: "a write that is lost before others", bytes: withOld(overOld(open), secondAt, thirdAt), rows: [1, 3], damaged: true },
  { name: "the last write of a closed segment lost", bytes: withOld(overOld(closed), thirdAt, open.length), rows: [1, 2], damaged: true },
];

describe("what is whole is read, and damage is told from a torn tail", () => {
  function expectContent(bytes: Buffer, c: Case): void {
    const content = decodeSegment(bytes, number);
    expect(content.records.map((record) => record.rows)).toEqual(c.rows);
    expect(content.id).toBe(c.id ?? id);
    expect(content.damagedBytes > 0).toBe(c.damaged ?? false);
    expect(content.tailBytes > 0).toBe(c.tail ?? false);
  }

  it.for([...inNewFiles, ...anywhere])("in a new file: $name", (c) => expectContent(c.bytes, c));

  it.for([...inUsedFiles, ...anywhere])("in a file that held a segment before: $name", (c) => expectContent(overOld(c.bytes), c));

  it.for(anywhere)("in a file with old records from the next byte on: $name", (c) => {
    expectContent(Buffer.concat([c.bytes, old.subarray(segmentHeaderBytes)]), c);
  });
});

describe("a segment", () => {
  it("gives back payload and requests as they were written", () => {
    const [record] = decodeSegment(overOld(closed), number).records;
    expect(Buffer.from(record?.payload ?? []).toString()).toBe("first");
    expect(record?.requests).toEqual([request]);
  });

  it.for([
    ["a new file", (bytes: Buffer) => bytes],
    ["a file that held another before", (bytes: Buffer) => overOld(bytes)],
  ] as const)("never throws and never invents a record, wherever one bit flips in %s", ([, laid]) => {
    for (let at = 0; at < closed.length; at += 1) {
      const content = decodeSegment(flipped(laid(closed), at), number);
      expect(content.records.length).toBeGreaterThanOrEqual(2);
      expect(content.records.length === 3 || content.damagedBytes > 0).toBe(true);
      for (const { payload } of content.records) expect(["first", "second", "third"]).toContain(Buffer.from(payload).toString());
    }
  });

  it("is told from one that only waits for its first record", () => {
    const waits = (bytes: Buffer) => isUnusedSegment(bytes.subarray(0, segmentHeadBytes));
    expect(waits(open)).toBe(false);
    expect(waits(overOld(open.subarray(0, segmentHeaderBytes)))).toBe(true);
    expect(waits(open.subarray(0, segmentHeaderBytes))).toBe(true);
    expect(waits(flipped(overOld(open.subarray(0, segmentHeaderBytes)), 3))).toBe(false);
  });

  it("loses its last, open record alone, whichever sectors of that a power cut left as they were", () => {
    const sectorBytes = 64;
    const anyOld = fc.oneof(
      fc.constant(old),
      fc.uint8Array({ minLength: 2_000, maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
      fc.nat(300).map((by) => Buffer.concat([old.subarray(by), old.subarray(0, by)])),
      fc.nat(300).map((by) => Buffer.concat([Buffer.alloc(by), closed, old])),
    );
    const last = { payload: Buffer.alloc(700, "l"), rows: 4, requests: [request, request] };
    const lost = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(anyOld, lost, (oldBytes, isLost) => {
        // Content of this very segment is never there before: its id is new.
        const before = overOld(open, Buffer.from(oldBytes.toString("latin1").replaceAll(idText, "?".repeat(16)), "latin1"));
        const written = overOld(Buffer.concat([open, ...encodeRecord(id, last)]), before);
        const left = Buffer.from(written);
        isLost.forEach((is, index) => {
          const [from, to] = [index * sectorBytes, Math.min((index + 1) * sectorBytes, left.length)];
          if (is && from < to) before.subarray(from, to).copy(left.fill(0, from, to), from);
        });
        const content = decodeSegment(left, number);
        const isWhole = left.equals(written);
        expect(content.records.map((record) => record.rows)).toEqual(isWhole ? [1, 2, 3, 4] : [1, 2, 3]);
        expect(content.damagedBytes).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

const idText = Buffer.from(id, "hex").toString("latin1");
