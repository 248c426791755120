/** The requests of payload.ts as OTLP/JSON; their ids and times are written anew in place, too. */
import { randomFillSync } from "node:crypto";
import { decodeOtlp } from "../../test/support/otlp-proto.ts";
import { HEX, Payload, spansPerTrace, UUID_FORM } from "./payload.ts";

/** Bytes that change: all of a span id, half of a trace id, the first group of a UUID. */
const idBytes = 8;
const uuidBytes = 4;
/** Digits of a time: of its seconds, and of what is less. */
const secondDigits = 10;
const nanoDigits = 9;
const DIGIT_0 = 0x30;
const START_FORM = String(0x1111_1111_1111_1111n);
const END_FORM = String(0x2222_2222_2222_2222n);
/** Starts lie within the last second, ends up to 0.13 s later, as in payload.ts; ns. */
const startSpreadNs = 1e9;
const durationSpreadNs = 134e6;

/** A request in JSON. */
export class JsonPayload {
  readonly body: Buffer;
  readonly #target: DataView;
  readonly #fresh: Uint8Array<ArrayBuffer>;
  readonly #traces: readonly number[];
  readonly #spans: readonly number[];
  /** Of each span that is not its trace's first. */
  readonly #parents: readonly number[];
  readonly #uuids: readonly number[];
  readonly #starts: readonly number[];
  readonly #ends: readonly number[];

  constructor(seed: number) {
    // Never refreshed, so its ids are marks; protobufjs writes them in base64, OTLP/JSON wants hex.
    const text = JSON.stringify(decodeOtlp("ExportTraceServiceRequest", new Payload(seed).body)).replaceAll(
      /("(?:trace|span|parentSpan)Id":")([^"]*)/g,
      (_, member: string, base64: string) => member + Buffer.from(base64, "base64").toString("hex"),
    );
    const places = (form: string) => [...text.matchAll(new RegExp(form, "g"))].map(({ index }) => index);
    this.#traces = places('(?<="traceId":")');
    this.#spans = places('(?<="spanId":")');
    this.#parents = places('(?<="parentSpanId":")');
    this.#uuids = places(UUID_FORM);
    this.#starts = places(START_FORM);
    this.#ends = places(END_FORM);
    this.body = Buffer.from(text.replaceAll(UUID_FORM, "00000000-0000-4000-8000-000000000000"));
    this.#target = new DataView(this.body.buffer, this.body.byteOffset, this.body.length);
    const ids = this.#spans.length + Math.ceil(this.#spans.length / spansPerTrace);
    this.#fresh = new Uint8Array(ids * idBytes + this.#uuids.length * uuidBytes);
  }

  /** Writes fresh ids (eight spans a trace) and the present time. */
  refresh(): void {
    randomFillSync(this.#fresh);
    let from = 0;
    let trace = 0;
    let root = 0;
    let parent = 0;
    this.#spans.forEach((at, index) => {
      const id = (from += idBytes) - idBytes;
      this.#hex(id, at, idBytes);
      if (index % spansPerTrace === 0) {
        trace = (from += idBytes) - idBytes;
        root = id;
      } else this.#hex(root, this.#parents[parent++] as number, idBytes);
      this.#hex(trace, this.#traces[index] as number, idBytes);
    });
    for (const at of this.#uuids) this.#hex((from += uuidBytes) - uuidBytes, at, uuidBytes);
    this.#refreshTimes();
  }

  /** Writes fresh bytes as hex digits. */
  #hex(from: number, to: number, bytes: number): void {
    for (let byte = 0; byte < bytes; byte += 1) {
      this.#target.setUint16(to + byte * 2, HEX[this.#fresh[from + byte] as number] as number, true);
    }
  }

  #refreshTimes(): void {
    const nowMs = Date.now();
    // A second ago, so that no spread makes it negative.
    const seconds = Math.floor(nowMs / 1_000) - 1;
    const nanos = (nowMs % 1_000) * 1e6;
    this.#starts.forEach((at, index) => {
      const start = nanos + Math.floor(Math.random() * startSpreadNs);
      this.#time(seconds, start, at);
      this.#time(seconds, start + Math.floor(Math.random() * durationSpreadNs), this.#ends[index] as number);
    });
  }

  /** Writes a time in 19 digits; `nanos` may have seconds in it. */
  #time(seconds: number, nanos: number, at: number): void {
    const carried = Math.floor(nanos / 1e9);
    this.#digits(seconds + carried, at, secondDigits);
    this.#digits(nanos - carried * 1e9, at + secondDigits, nanoDigits);
  }

  #digits(value: number, at: number, count: number): void {
    let rest = value | 0;
    for (let place = at + count - 1; place >= at; place -= 1) {
      // Of 32 bits, which is not divided but multiplied.
      const next = (rest / 10) | 0;
      this.#target.setUint8(place, DIGIT_0 + rest - next * 10);
      rest = next;
    }
  }
}
