/**
 * The file format of the write-ahead log: a header, then records that are bound to their segment by its id. A file may
 * be one that held another segment before: what lies behind the records is then that one's, and means nothing
 * (docs/decisions/0017).
 *
 * header (32 bytes): magic 8, segment id 16, zero 4, CRC-32 of the 28 bytes before 4
 * record (40 bytes, then data): segment id 16, kind 4, payload size 4, rows 4, requests 4, CRC-32 of the data 4, CRC-32
 * of the 36 bytes before 4; data: 16 bytes a request (its fingerprint), then the payload, a Native block
 * end: a record of another kind and without data, once no more will come
 *
 * A segment's id is the number of its file, 8 bytes big-endian, and 8 random bytes. Other integers are little-endian.
 */
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const FILE_MAGIC = Buffer.from("HSWAL\u0002\u0000\u0000", "latin1");
/** Kinds of records. */
const RECORD = 1;
const END = 2;
/** Bytes before the first record. */
export const segmentHeaderBytes = 32;
/** Bytes of a record before its fingerprints and its payload. */
export const recordHeaderBytes = 40;
const fingerprintBytes = 16;
const segmentIdBytes = 16;
const numberBytes = 8;
/** Where a record's parts are, after its segment's id. */
const at = { kind: 16, payloadBytes: 20, rows: 24, requests: 28, dataChecksum: 32, checksum: 36 };

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
  /** 32 hex digits; the deduplication token of its insert. '' where it is not known. */
  readonly id: string;
  readonly records: readonly SegmentRecord[];
  /** Where the last whole record ends. */
  readonly wholeBytes: number;
  /** Whether the segment was closed: then what comes before its end is whole, or damaged. */
  readonly isEnded: boolean;
  /** Bytes of this segment that are in no whole record, though they were durable once. */
  readonly damagedBytes: number;
  /** Bytes from a record on whose header is whole and its data not, with nothing after it: a torn write, mostly. */
  readonly tailBytes: number;
}

/** An id for the segment in the file of that number: 32 hex digits. */
export function newSegmentId(number: number): string {
  return number.toString(16).padStart(2 * numberBytes, "0") + randomBytes(segmentIdBytes - numberBytes).toString("hex");
}

/** The header of a segment file; `id` is 32 hex digits. */
export function encodeSegmentHeader(id: string): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  FILE_MAGIC.copy(header);
  header.write(id, FILE_MAGIC.length, segmentIdBytes, "hex");
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  return header;
}

/** The parts of a record of the segment `id`, in the order in which they are written. */
export function encodeRecord(id: string, record: SegmentRecord): [head: Buffer, payload: Uint8Array] {
  const { payload, rows, requests } = record;
  const head = Buffer.alloc(recordHeaderBytes + requests.length * fingerprintBytes);
  requests.forEach((request, index) => {
    head.write(request, recordHeaderBytes + index * fingerprintBytes, fingerprintBytes, "hex");
  });
  head.writeUInt32LE(payload.byteLength, at.payloadBytes);
  head.writeUInt32LE(rows, at.rows);
  head.writeUInt32LE(requests.length, at.requests);
  head.writeUInt32LE(crc32(payload, crc32(head.subarray(recordHeaderBytes))), at.dataChecksum);
  sealHeader(head, id, RECORD);
  return [head, payload];
}

/** What is written behind the last record of the segment `id`, as no more will come. */
export function encodeSegmentEnd(id: string): Buffer {
  const end = Buffer.alloc(recordHeaderBytes);
  sealHeader(end, id, END);
  return end;
}

function sealHeader(head: Buffer, id: string, kind: number): void {
  head.write(id, 0, segmentIdBytes, "hex");
  head.writeUInt32LE(kind, at.kind);
  head.writeUInt32LE(crc32(head.subarray(0, at.checksum)), at.checksum);
}

/**
 * Reads every whole record, before and after any damage, of the segment in the file of that number. Never throws:
 * damage is part of the answer.
 */
export function decodeSegment(bytes: Buffer, number: number): SegmentContent {
  const written = readId(bytes);
  const id = written ?? findId(bytes, number);
  if (!id) return withoutId(bytes);
  const records: SegmentRecord[] = [];
  let wholeBytes = segmentHeaderBytes;
  let damagedBytes = written ? 0 : segmentHeaderBytes;
  let isEnded = false;
  let tailBytes = 0;
  let position = nextHeader(bytes, wholeBytes, id);
  while (position >= 0 && !isEnded) {
    const end = recordEnd(bytes, position);
    const record = readRecord(bytes, position, end);
    isEnded = bytes.readUInt32LE(position + at.kind) === END;
    if (record || isEnded) {
      damagedBytes += position - wholeBytes;
      wholeBytes = isEnded ? position : end;
      tailBytes = 0;
    } else if (tailBytes === 0) tailBytes = bytes.length - position;
    if (record) records.push(record);
    position = nextHeader(bytes, record ? end : position + 1, id);
  }
  return { id: id.toString("hex"), records, wholeBytes, isEnded, damagedBytes, tailBytes };
}

/** Whether a file that begins with `head` holds no record of its segment: it waits for the first. */
export function isUnusedSegment(head: Buffer): boolean {
  const id = readId(head);
  return id !== undefined && !head.subarray(segmentHeaderBytes).equals(id);
}

/** Bytes that {@link isUnusedSegment} looks at. */
export const segmentHeadBytes = segmentHeaderBytes + segmentIdBytes;

/** Damage, unless no write to this file was ever made durable. */
function withoutId(bytes: Buffer): SegmentContent {
  const isBlank = bytes.length <= segmentHeaderBytes || bytes.every((byte) => byte === 0);
  const damagedBytes = isBlank ? 0 : bytes.length;
  return { id: "", records: [], wholeBytes: 0, isEnded: false, damagedBytes, tailBytes: 0 };
}

function readId(bytes: Buffer): Buffer | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, FILE_MAGIC.length).equals(FILE_MAGIC)) return undefined;
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return undefined;
  return bytes.subarray(FILE_MAGIC.length, FILE_MAGIC.length + segmentIdBytes);
}

/** The id where the header is damaged: what the file held before had a lower number. */
function findId(bytes: Buffer, number: number): Buffer | undefined {
  const prefix = Buffer.alloc(numberBytes);
  prefix.writeBigUInt64BE(BigInt(number));
  const found = nextHeader(bytes, segmentHeaderBytes, prefix);
  return found < 0 ? undefined : bytes.subarray(found, found + segmentIdBytes);
}

/** Where the next whole header of a record is that begins with `idBytes`, from `from` on; -1 where none is. */
function nextHeader(bytes: Buffer, from: number, idBytes: Buffer): number {
  let found = bytes.indexOf(idBytes, from);
  while (found >= 0 && !isHeaderWhole(bytes, found)) found = bytes.indexOf(idBytes, found + 1);
  return found;
}

function isHeaderWhole(bytes: Buffer, position: number): boolean {
  if (position + recordHeaderBytes > bytes.length) return false;
  const kind = bytes.readUInt32LE(position + at.kind);
  if (kind !== RECORD && kind !== END) return false;
  return bytes.readUInt32LE(position + at.checksum) === crc32(bytes.subarray(position, position + at.checksum));
}

/** The record with the whole header at `position`, where its data is whole, too. */
function readRecord(bytes: Buffer, position: number, end: number): SegmentRecord | undefined {
  if (bytes.readUInt32LE(position + at.kind) !== RECORD || end > bytes.length) return undefined;
  const dataStart = position + recordHeaderBytes;
  if (bytes.readUInt32LE(position + at.dataChecksum) !== crc32(bytes.subarray(dataStart, end))) return undefined;
  const requestCount = bytes.readUInt32LE(position + at.requests);
  const requests = Array.from({ length: requestCount }, (_, index) =>
    bytes.toString("hex", dataStart + index * fingerprintBytes, dataStart + (index + 1) * fingerprintBytes),
  );
  const payload = bytes.subarray(dataStart + requestCount * fingerprintBytes, end);
  return { payload, rows: bytes.readUInt32LE(position + at.rows), requests };
}

/** Where the record ends whose header begins at `position`. */
function recordEnd(bytes: Buffer, position: number): number {
  const requestsBytes = bytes.readUInt32LE(position + at.requests) * fingerprintBytes;
  return position + recordHeaderBytes + requestsBytes + bytes.readUInt32LE(position + at.payloadBytes);
}
