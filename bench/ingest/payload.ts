/** Requests as a busy shop's functions send them: 512 spans of 12 attributes, whose ids are fresh at every send. */
import { randomFillSync } from "node:crypto";
import { ProtobufWriter } from "../../collector/ingest/protobuf-writer.ts";

export const spansPerRequest = 512;
const functions = 50;
const destinations = 12;

/** A small generator of numbers, the same at every run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface SpanPlaces {
  readonly trace: number;
  readonly span: number;
  /** 0 where it has no parent. */
  readonly parent: number;
  readonly start: number;
  readonly end: number;
  readonly uuids: readonly number[];
}

export const spansPerTrace = 8;
/** Random bytes that a span takes: its id, its start and its duration. */
const randomPerSpanBytes = 16;
const traceIdBytes = 16;
const uuidBytes = 16;
/** As Lambda and SQS write theirs: version 4, lower case. */
export const UUID_FORM = "UUUUUUUU-UUUU-4UUU-8UUU-UUUUUUUUUUUU";
const uuidVersionPlace = 14;
const uuidVariantPlace = 19;
/** By byte: its two hex digits as they lie in memory. */
export const HEX = Uint16Array.from({ length: 256 }, (_, byte) => Buffer.from(byte.toString(16).padStart(2, "0")).readUInt16LE());

/** A request whose ids and times can be written anew in place. */
export class Payload {
  readonly body: Buffer;
  readonly #random: () => number;
  /** Where each span's trace id, span id, parent id and times lie, and its two ids in attributes. */
  readonly #spans: SpanPlaces[] = [];
  readonly #target: DataView;
  /** What one {@link refresh} takes its ids and times from. */
  readonly #fresh: DataView;

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.body = this.#build();
    this.#find();
    const uuids = this.#spans.reduce((sum, span) => sum + span.uuids.length, 0);
    const traces = Math.ceil(this.#spans.length / spansPerTrace);
    this.#target = new DataView(this.body.buffer, this.body.byteOffset, this.body.length);
    this.#fresh = new DataView(
      new ArrayBuffer(this.#spans.length * randomPerSpanBytes + traces * traceIdBytes + uuids * uuidBytes),
    );
  }

  /** Writes fresh ids (eight spans a trace) and the present time. */
  refresh(): void {
    const fresh = this.#fresh;
    randomFillSync(fresh);
    const now = BigInt(Date.now()) * 1_000_000n;
    const nowLow = Number(now & 0xffff_ffffn);
    const nowHigh = Number(now >> 32n);
    let at = 0;
    let trace = 0;
    let root = 0;
    for (let index = 0; index < this.#spans.length; index += 1) {
      const places = this.#spans[index] as SpanPlaces;
      if (index % spansPerTrace === 0) {
        trace = at;
        root = at + traceIdBytes;
        at += traceIdBytes;
      }
      this.#copy8(trace, places.trace);
      this.#copy8(trace + 8, places.trace + 8);
      this.#copy8(at, places.span);
      if (places.parent > 0) this.#copy8(root, places.parent);
      this.#times(places, nowLow, nowHigh, at + 8);
      at += randomPerSpanBytes;
      for (let uuid = 0; uuid < places.uuids.length; uuid += 1) {
        this.#uuid(at, places.uuids[uuid] as number);
        at += uuidBytes;
      }
    }
  }

  #copy8(from: number, to: number): void {
    this.#target.setInt32(to, this.#fresh.getInt32(from, true), true);
    this.#target.setInt32(to + 4, this.#fresh.getInt32(from + 4, true), true);
  }

  /** A start within the last second, and up to 0.13 s until the end, out of eight random bytes. */
  #times({ start, end }: SpanPlaces, nowLow: number, nowHigh: number, from: number): void {
    const target = this.#target;
    let low = nowLow - (this.#fresh.getUint32(from, true) >>> 2);
    let high = nowHigh;
    if (low < 0) {
      low += 0x1_0000_0000;
      high -= 1;
    }
    target.setUint32(start, low, true);
    target.setUint32(start + 4, high, true);
    low += this.#fresh.getUint32(from + 4, true) >>> 5;
    target.setUint32(end, low, true);
    target.setUint32(end + 4, low < 0x1_0000_0000 ? high : high + 1, true);
  }

  #uuid(from: number, to: number): void {
    const target = this.#target;
    const fresh = this.#fresh;
    this.#digits(fresh.getInt32(from, true), to, to + 4);
    this.#digits(fresh.getInt32(from + 4, true), to + 9, to + 14);
    this.#digits(fresh.getInt32(from + 8, true), to + 19, to + 24);
    this.#digits(fresh.getInt32(from + 12, true), to + 28, to + 32);
    target.setUint8(to + uuidVersionPlace, 0x34);
    target.setUint8(to + uuidVariantPlace, 0x38);
  }

  /** Writes eight hex digits, four and four. */
  #digits(bits: number, first: number, second: number): void {
    this.#target.setInt32(first, fourDigits(bits), true);
    this.#target.setInt32(second, fourDigits(bits >>> 4), true);
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #build(): Buffer {
    const writer = new ProtobufWriter();
    const resources = 4;
    for (let resource = 0; resource < resources; resource += 1) {
      const name = `function-${String(this.#pick(functions))}`;
      writer.message(1, () => {
        writer.message(1, () => {
          for (const [key, value] of Object.entries({
            "service.name": "shop",
            "faas.name": name,
            "faas.version": "7",
            "faas.instance": `2026/11/21/[7]${String(this.#pick(1e9))}`,
            "cloud.provider": "aws",
            "cloud.platform": "aws_lambda",
            "cloud.region": "eu-central-1",
            "telemetry.sdk.language": "nodejs",
          })) {
            text(writer, 1, key, value);
          }
          int(writer, 1, "faas.max_memory", 536_870_912);
        });
        writer.message(2, () => {
          writer.message(1, () => {
            writer.string(1, "hopscope");
            writer.string(2, "0.1.0");
          });
          for (let span = 0; span < spansPerRequest / resources; span += 1) {
            writer.message(2, () => this.#span(writer, span));
          }
        });
      });
    }
    return writer.end();
  }

  #span(writer: ProtobufWriter, index: number): void {
    const destination = `orders-${String(this.#pick(destinations))}`;
    writer.bytes(1, Buffer.alloc(16, 0xf1));
    writer.bytes(2, Buffer.alloc(8, 0xf2));
    if (index % spansPerTrace !== 0) writer.bytes(4, Buffer.alloc(8, 0xf3));
    const kind = index % 3;
    writer.string(5, kind === 0 ? `POST /orders/${String(this.#pick(8))}` : `${kind === 1 ? "send" : "process"} ${destination}`);
    writer.varint(6, [2n, 4n, 5n][kind] ?? 1n);
    writer.fixed64(7, 0x1111_1111_1111_1111n);
    writer.fixed64(8, 0x2222_2222_2222_2222n);
    if (kind === 0) this.#httpAttributes(writer);
    else this.#messageAttributes(writer, destination, kind === 1 ? "send" : "process");
    if (this.#random() < 0.02) {
      writer.message(15, () => {
        writer.string(2, "card declined");
        writer.varint(3, 2n);
      });
    }
  }

  #httpAttributes(writer: ProtobufWriter): void {
    text(writer, 9, "faas.trigger", "http");
    text(writer, 9, "faas.invocation_id", UUID_FORM);
    bool(writer, 9, "faas.coldstart", this.#random() < 0.01);
    text(writer, 9, "http.request.method", "POST");
    text(writer, 9, "http.route", `/orders/{id}/${String(this.#pick(8))}`);
    int(writer, 9, "http.response.status_code", this.#random() < 0.02 ? 500 : 201);
    text(writer, 9, "url.path", `/orders/${String(this.#pick(1e6))}`);
    text(writer, 9, "server.address", "api.example.com");
    text(writer, 9, "user_agent.original", "Mozilla/5.0");
    int(writer, 9, "http.request.body.size", this.#pick(5_000));
    text(writer, 9, "customer.id", UUID_FORM);
    text(writer, 9, "deployment.color", this.#random() < 0.5 ? "blue" : "green");
  }

  #messageAttributes(writer: ProtobufWriter, destination: string, operation: string): void {
    text(writer, 9, "faas.trigger", "pubsub");
    text(writer, 9, "faas.invocation_id", UUID_FORM);
    bool(writer, 9, "faas.coldstart", this.#random() < 0.01);
    text(writer, 9, "messaging.system", "aws_sqs");
    text(writer, 9, "messaging.operation.type", operation);
    text(writer, 9, "messaging.destination.name", destination);
    text(writer, 9, "messaging.message.id", UUID_FORM);
    int(writer, 9, "messaging.message.body.size", this.#pick(5_000));
    int(writer, 9, "hopscope.message.receive_count", 1 + this.#pick(3));
    int(writer, 9, "hopscope.memory.used", 100_000_000 + this.#pick(1e7));
    text(writer, 9, "order.region", `region-${String(this.#pick(20))}`);
    text(writer, 9, "deployment.color", this.#random() < 0.5 ? "blue" : "green");
  }

  #find(): void {
    const { body } = this;
    const marker = (byte: number, size: number) => Buffer.alloc(size, byte);
    let at = 0;
    for (;;) {
      const trace = body.indexOf(marker(0xf1, 16), at);
      if (trace < 0) return;
      const next = body.indexOf(marker(0xf1, 16), trace + 16);
      const limit = next < 0 ? body.length : next;
      const before = (found: number) => (found >= 0 && found < limit ? found : 0);
      const uuids: number[] = [];
      let uuid = body.indexOf(UUID_FORM, trace);
      while (uuid >= 0 && uuid < limit) {
        uuids.push(uuid);
        uuid = body.indexOf(UUID_FORM, uuid + UUID_FORM.length);
      }
      this.#spans.push({
        trace,
        span: body.indexOf(marker(0xf2, 8), trace),
        parent: before(body.indexOf(marker(0xf3, 8), trace)),
        start: body.indexOf(marker(0x11, 8), trace),
        end: body.indexOf(marker(0x22, 8), trace),
        uuids,
      });
      at = trace + 16;
    }
  }
}

/** The low half of each of four bytes as a hex digit, all four at once. */
function fourDigits(bits: number): number {
  const values = bits & 0x0f0f_0f0f;
  // A byte has 1 where its value is above 9: the letters stand 39 behind the digits.
  const letters = ((values + 0x0606_0606) >>> 4) & 0x0101_0101;
  return values + 0x3030_3030 + Math.imul(letters, 39);
}

function text(writer: ProtobufWriter, field: number, key: string, value: string): void {
  attribute(writer, field, key, () => writer.string(1, value));
}

function int(writer: ProtobufWriter, field: number, key: string, value: number): void {
  attribute(writer, field, key, () => writer.varint(3, BigInt(value)));
}

function bool(writer: ProtobufWriter, field: number, key: string, value: boolean): void {
  attribute(writer, field, key, () => writer.varint(2, value ? 1n : 0n));
}

function attribute(writer: ProtobufWriter, field: number, key: string, value: () => void): void {
  writer.message(field, () => {
    writer.string(1, key);
    writer.message(2, value);
  });
}
