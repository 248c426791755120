/**
 * The file format of the write-ahead log: a header, then records, each with the checksum of what it holds.
 *
 * header (32 bytes): magic 8, segment id 16, zero 4, CRC-32 of the 28 bytes before 4
 * record (24 bytes, then data): magic 4, payload size 4, rows 4, requests 4, CRC-32 of the data 4, CRC-32 of the
 * 20 bytes before 4; data: 16 bytes a request (its fingerprint), then the payload, a Native block
 *
 * Integers are little-endian.
 */
import { crc32 } from "node:zlib";

const FILE_MAGIC = Buffer.from("HSWAL\u0001\u0000\u0000", "latin1");
const RECORD_MAGIC = 0x52_53_57_48;
/** Bytes before the first record. */
export const segmentHeaderBytes = 32;
/** Bytes of a record before its fingerprints and its payload. */
export const recordHeaderBytes = 24;
const fingerprintBytes = 16;
const segmentIdBytes = 16;

/** One block, and the requests whose spans are in it. */
export interface SegmentRecord {
  /** A Native block. */
  readonly payload: Uint8Array;
  readonly rows: number;
  /** Fingerprints of the requests acknowledged with this record, each 32 hex digits. */
  readonly requests: readonly string[];
  /** Gives the payload's memory back, once nobody reads it any more. */
  readonly release?: (() => void) | undefined;
}

/** What a segment's bytes turned out to be. */
export interface SegmentContent {
  /** 32 hex digits; the deduplication token of its insert. '' where the header is damaged. */
  readonly id: string;
  readonly records: readonly SegmentRecord[];
  /** Where the last whole record ends: a torn tail is cut there. */
  readonly wholeBytes: number;
  /** Bytes that no whole record accounts for and that no write which was cut short leaves: damage, not a torn tail. */
  readonly damagedBytes: number;
  /** Bytes after the last whole record. */
  readonly tailBytes: number;
}

/** The header of a segment file; `id` is 32 hex digits. */
export function encodeSegmentHeader(id: string): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  FILE_MAGIC.copy(header);
  header.write(id, FILE_MAGIC.length, segmentIdBytes, "hex");
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  return header;
}

/** The parts of a record, in the order in which they are written. */
export function encodeRecord({ payload, rows, requests }: SegmentRecord): [head: Buffer, payload: Uint8Array] {
  const head = Buffer.alloc(recordHeaderBytes + requests.length * fingerprintBytes);
  requests.forEach((request, index) => {
    head.write(request, recordHeaderBytes + index * fingerprintBytes, fingerprintBytes, "hex");
  });
  head.writeUInt32LE(RECORD_MAGIC, 0);
  head.writeUInt32LE(payload.byteLength, 4);
  head.writeUInt32LE(rows, 8);
  head.writeUInt32LE(requests.length, 12);
  head.writeUInt32LE(crc32(payload, crc32(head.subarray(recordHeaderBytes))), 16);
  head.writeUInt32LE(crc32(head.subarray(0, 20)), 20);
  return [head, payload];
}

/** Reads every whole record, before and after any damage. Never throws: damage is part of the answer. */
export function decodeSegment(bytes: Buffer): SegmentContent {
  const id = readId(bytes);
  const records: SegmentRecord[] = [];
  let position = Math.min(segmentHeaderBytes, bytes.length);
  let wholeBytes = id === "" ? 0 : position;
  let damagedBytes = 0;
  while (position < bytes.length) {
    const record = readRecord(bytes, position);
    if (record) {
      damagedBytes += position - Math.max(wholeBytes, Math.min(segmentHeaderBytes, bytes.length));
      records.push(record.record);
      position = record.end;
      wholeBytes = position;
    } else position = nextMagic(bytes, position + 1);
  }
  const tail = bytes.subarray(wholeBytes);
  if (id !== "" && !isTorn(tail)) damagedBytes += tail.length;
  return { id, records, wholeBytes, damagedBytes, tailBytes: tail.length };
}

/**
 * What a write that was cut short leaves: part of a record, or zeros where the file had grown already. A record of full
 * length may have been acknowledged, so that one whose checksum is wrong counts as damaged, and is kept.
 */
function isTorn(tail: Buffer): boolean {
  if (tail.length < recordHeaderBytes || tail.every((byte) => byte === 0)) return true;
  return isHeaderWhole(tail, 0) && recordEnd(tail, 0) > tail.length;
}

function readId(bytes: Buffer): string {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, FILE_MAGIC.length).equals(FILE_MAGIC)) return "";
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return "";
  return bytes.toString("hex", FILE_MAGIC.length, FILE_MAGIC.length + segmentIdBytes);
}

function readRecord(bytes: Buffer, at: number): { record: SegmentRecord; end: number } | undefined {
  if (at + recordHeaderBytes > bytes.length || !isHeaderWhole(bytes, at)) return undefined;
  const requestCount = bytes.readUInt32LE(at + 12);
  const dataStart = at + recordHeaderBytes;
  const payloadStart = dataStart + requestCount * fingerprintBytes;
  const end = recordEnd(bytes, at);
  if (end > bytes.length || bytes.readUInt32LE(at + 16) !== crc32(bytes.subarray(dataStart, end))) return undefined;
  const requests = Array.from({ length: requestCount }, (_, index) =>
    bytes.toString("hex", dataStart + index * fingerprintBytes, dataStart + (index + 1) * fingerprintBytes),
  );
  return { record: { payload: bytes.subarray(payloadStart, end), rows: bytes.readUInt32LE(at + 8), requests }, end };
}

function isHeaderWhole(bytes: Buffer, at: number): boolean {
  return bytes.readUInt32LE(at) === RECORD_MAGIC && bytes.readUInt32LE(at + 20) === crc32(bytes.subarray(at, at + 20));
}

/** Where the record ends whose header begins at `at`. */
function recordEnd(bytes: Buffer, at: number): number {
  return at + recordHeaderBytes + bytes.readUInt32LE(at + 12) * fingerprintBytes + bytes.readUInt32LE(at + 4);
}

function nextMagic(bytes: Buffer, from: number): number {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(RECORD_MAGIC);
  const found = bytes.indexOf(magic, from);
  return found < 0 ? bytes.length : found;
}
