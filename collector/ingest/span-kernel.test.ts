import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Payload } from "../../bench/ingest/payload.ts";
import { arbitraryRequest } from "../../test/support/arbitrary-spans.ts";
import { encodeOtlp } from "../../test/support/otlp-proto.ts";
import { compileKernel, kernelFile } from "./kernel/build.mjs";
import { ProtobufReader } from "./protobuf.ts";
import { SpanKernel } from "./span-kernel.ts";
import { SpanTranscoder } from "./transcode-spans.ts";

const now = () => 1_790_000_000_000;
const newTranscoder = () => new SpanTranscoder({ retentionDays: 30, now });

function blockOf(body: Uint8Array, transcoder = newTranscoder()): Buffer {
  transcoder.transcode(body);
  return Buffer.concat(transcoder.takeBlocks().map(({ bytes }) => Buffer.from(bytes)));
}

/** A varint with a byte that is not needed, which protobuf allows: the kernel leaves such a field to TypeScript. */
function wide(tag: number): Buffer {
  return tag < 0x80 ? Buffer.of(tag | 0x80, 0) : Buffer.of((tag & 0x7f) | 0x80, (tag >>> 7) | 0x80, 0);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.of(...bytes, rest);
}

/** The same request, with wide tags where `isWide` says so: of spans, and of the fields in them. */
function widened(bytes: Uint8Array, isWide: () => boolean, depth = 0): Buffer {
  const reader = new ProtobufReader(bytes);
  const parts: Uint8Array[] = [];
  while (reader.position < bytes.length) {
    const tag = reader.varint32();
    const value = reader.position;
    reader.skip(tag);
    const { position: end } = reader;
    parts.push(depth >= 2 && isWide() ? wide(tag) : varint(tag));
    if (depth < 3 && tag === (depth === 0 ? 0x0a : 0x12)) {
      reader.position = value;
      reader.lengthEnd();
      const inner = widened(bytes.subarray(reader.position, end), isWide, depth + 1);
      parts.push(varint(inner.length), inner);
      reader.position = end;
    } else parts.push(bytes.subarray(value, end));
  }
  return Buffer.concat(parts);
}

it("the kernel that is kept is what its sources make", { timeout: 60_000 }, async () => {
  expect(Buffer.from(await compileKernel()).equals(readFileSync(kernelFile))).toBe(true);
});

it("any request makes the same block by the kernel, by TypeScript, and by both in turn", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(arbitraryRequest, fc.infiniteStream(fc.boolean()), (request, choices) => {
      const body = encodeOtlp("ExportTraceServiceRequest", request);
      const block = blockOf(body).toString("latin1");
      expect(blockOf(widened(body, () => true)).toString("latin1")).toBe(block);
      expect(blockOf(widened(body, () => choices.next().value as boolean)).toString("latin1")).toBe(block);
    }),
    { numRuns: 60 },
  );
});

it("plain spans make the same block, too", () => {
  const { body } = new Payload(7);
  // Believable times, without which no span is plain.
  for (const [marker, time] of [[0x11, 0n], [0x22, 5_000_000n]] as const) {
    const unixNano = Buffer.alloc(8);
    unixNano.writeBigUInt64LE(BigInt(now()) * 1_000_000n + time);
    for (let at = body.indexOf(Buffer.alloc(8, marker)); at >= 0; at = body.indexOf(Buffer.alloc(8, marker), at)) {
      unixNano.copy(body, at);
    }
  }
  const transcoder = newTranscoder();
  const block = blockOf(body, transcoder);
  expect(transcoder.counts.wildClocks).toBe(0);
  expect(blockOf(widened(body, () => true)).equals(block)).toBe(true);
});

it("a block is the same whether or not memory had to grow for it", () => {
  const long = "x".repeat(500_000);
  const attributes = (value: string) =>
    ["faas.trigger", "url.path", "faas.invocation_id", "key", "é"].map((key) => ({ key, value: { stringValue: value } }));
  const span = (value: string) => ({
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
    name: value,
    startTimeUnixNano: `${String(now())}000000`,
    endTimeUnixNano: `${String(now())}000001`,
    attributes: attributes(value),
  });
  const spans = [span("short"), span(long), span(`${long}é`), span("short")];
  const body = encodeOtlp("ExportTraceServiceRequest", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const used = newTranscoder();
  const first = blockOf(body, used);
  expect(first.length).toBeGreaterThan(8 * long.length);
  expect(blockOf(body, used).equals(first)).toBe(true);
  expect(blockOf(widened(body, () => true)).equals(first)).toBe(true);
});

const MASK = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const rotl = (value: bigint, by: bigint) => ((value << by) | (value >> (64n - by))) & MASK;
const round = (lane: bigint, input: bigint) => (rotl((lane + input * P2) & MASK, 31n) * P1) & MASK;

/** XXH64 as its specification says it, step by step. */
function xxh64(bytes: Buffer): bigint {
  const lanes = [(P1 + P2) & MASK, P2, 0n, (1n << 64n) - P1];
  let at = 0;
  for (; at + 32 <= bytes.length; at += 32) {
    for (let lane = 0; lane < 4; lane += 1) {
      lanes[lane] = round(lanes[lane] as bigint, bytes.readBigUInt64LE(at + lane * 8));
    }
  }
  const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
  let hash = (rotl(a, 1n) + rotl(b, 7n) + rotl(c, 12n) + rotl(d, 18n)) & MASK;
  for (const lane of lanes) hash = (((hash ^ round(0n, lane)) * P1) + P4) & MASK;
  if (bytes.length < 32) hash = P5;
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotl(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  }
  for (; at + 4 <= bytes.length; at += 4) {
    hash = (rotl(hash ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
  }
  for (; at < bytes.length; at += 1) {
    hash = (rotl(hash ^ ((BigInt(bytes.readUInt8(at)) * P5) & MASK), 11n) * P1) & MASK;
  }
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}

it("a request is told from others by XXH64", () => {
  const kernel = new SpanKernel();
  const hashOf = (bytes: Buffer) => {
    kernel.take(bytes);
    return BigInt.asUintN(64, kernel.exports.hashOfRequest());
  };
  // Known results, of the specification's own implementation.
  expect(hashOf(Buffer.from(""))).toBe(0xef46db3751d8e999n);
  expect(hashOf(Buffer.from("abc"))).toBe(0x44bc2cf5ad770999n);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(hashOf(Buffer.from(bytes))).toBe(xxh64(Buffer.from(bytes)));
    }),
  );
});
