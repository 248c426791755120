import { describe, expect, it } from "vitest";
import { decodeSegment, encodeRecord, encodeSegmentHeader, recordHeaderBytes, segmentHeaderBytes } from "./segment.ts";

const id = "00112233445566778899aabbccddeeff";
const request = "ffeeddccbbaa99887766554433221100";
const first = Buffer.concat(encodeRecord({ payload: Buffer.from("first"), rows: 1, requests: [request] }));
const second = Buffer.concat(encodeRecord({ payload: Buffer.from("second"), rows: 2, requests: [] }));
const third = Buffer.concat(encodeRecord({ payload: Buffer.from("third"), rows: 3, requests: [] }));
const whole = Buffer.concat([encodeSegmentHeader(id), first, second, third]);
const secondAt = segmentHeaderBytes + first.length;
const thirdAt = secondAt + second.length;

function flipped(at: number): Buffer {
  const bytes = Buffer.from(whole);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

interface Case {
  readonly name: string;
  readonly bytes: Buffer;
  readonly rows: readonly number[];
  readonly id?: string;
  readonly damaged?: boolean;
  readonly tail?: boolean;
}

const cases: readonly Case[] = [
  { name: "whole", bytes: whole, rows: [1, 2, 3] },
  { name: "empty file", bytes: Buffer.alloc(0), rows: [], id: "" },
  { name: "torn header", bytes: whole.subarray(0, 20), rows: [], id: "", tail: true },
  { name: "header alone", bytes: whole.subarray(0, segmentHeaderBytes), rows: [] },
  { name: "wrong magic", bytes: flipped(0), rows: [1, 2, 3], id: "" },
  { name: "wrong header checksum", bytes: flipped(12), rows: [1, 2, 3], id: "" },
  { name: "torn tail in a record's header", bytes: whole.subarray(0, thirdAt + 10), rows: [1, 2], tail: true },
  { name: "torn tail in a record's data", bytes: whole.subarray(0, whole.length - 1), rows: [1, 2], tail: true },
  { name: "tail of zeros, as a power cut leaves it", bytes: Buffer.concat([whole, Buffer.alloc(4096)]), rows: [1, 2, 3], tail: true },
  { name: "first record damaged", bytes: flipped(segmentHeaderBytes + recordHeaderBytes + 17), rows: [2, 3], damaged: true },
  { name: "record in the middle damaged", bytes: flipped(secondAt + recordHeaderBytes), rows: [1, 3], damaged: true },
  { name: "a record's size damaged", bytes: flipped(secondAt + 4), rows: [1, 3], damaged: true },
  { name: "a record's request damaged", bytes: flipped(segmentHeaderBytes + recordHeaderBytes), rows: [2, 3], damaged: true },
  { name: "a record's magic damaged", bytes: flipped(secondAt), rows: [1, 3], damaged: true },
  { name: "last record damaged", bytes: flipped(thirdAt + recordHeaderBytes), rows: [1, 2], tail: true, damaged: true },
  { name: "last record's header damaged", bytes: flipped(thirdAt + 5), rows: [1, 2], tail: true, damaged: true },
  { name: "the only record damaged", bytes: flipped(segmentHeaderBytes + 30).subarray(0, secondAt), rows: [], tail: true, damaged: true },
  {
    name: "a size that points beyond the file, with its checksum right",
    bytes: Buffer.concat([whole.subarray(0, secondAt), overlong(), third]),
    rows: [1, 3],
    damaged: true,
  },
  {
    name: "a hole of zeros in the middle",
    bytes: Buffer.concat([whole.subarray(0, secondAt), Buffer.alloc(second.length), third]),
    rows: [1, 3],
    damaged: true,
  },
  { name: "rubbish between records", bytes: Buffer.concat([whole.subarray(0, thirdAt), Buffer.from("HWSR?"), third]), rows: [1, 2, 3], damaged: true },
];

/** The header of a record that is longer than the file. */
function overlong(): Buffer {
  return Buffer.concat(encodeRecord({ payload: Buffer.alloc(10_000), rows: 9, requests: [] })).subarray(0, 50);
}

describe("a segment", () => {
  it.for(cases)("$name: what is whole is read, and damage is told from a torn tail", (c) => {
    const content = decodeSegment(c.bytes);
    expect(content.records.map((record) => record.rows)).toEqual(c.rows);
    expect(content.id).toBe(c.id ?? id);
    expect(content.damagedBytes > 0).toBe(c.damaged ?? false);
    expect(content.tailBytes > 0).toBe(c.tail ?? false);
  });

  it("gives back payload and requests as they were written", () => {
    const [record] = decodeSegment(whole).records;
    expect(Buffer.from(record?.payload ?? []).toString()).toBe("first");
    expect(record?.requests).toEqual([request]);
  });

  it("never throws and never invents a record, wherever one bit flips", () => {
    for (let at = 0; at < whole.length; at += 1) {
      const { records } = decodeSegment(flipped(at));
      expect(records.length).toBeGreaterThanOrEqual(2);
      for (const { payload } of records) expect(["first", "second", "third"]).toContain(Buffer.from(payload).toString());
    }
  });
});
