/** The requests of payload.ts as OTLP/JSON; their ids and times are written anew in place, too. */
import { randomBytes } from "node:crypto";
import { decodeOtlp } from "../../test/support/otlp-proto.ts";
import { Payload, spansPerTrace, UUID_FORM } from "./payload.ts";

/** Hex digits that change: all of a span id, half of a trace id, the first group of a UUID. */
const idDigits = 16;
const uuidDigits = 8;
const START_FORM = String(0x1111_1111_1111_1111n);
const END_FORM = String(0x2222_2222_2222_2222n);
/** Starts lie within the last second, ends up to 0.13 s later, as in payload.ts; ns. */
const startSpreadNs = 1e9;
const durationSpreadNs = 134e6;

/** A request in JSON. */
export class JsonPayload {
  readonly body: Buffer;
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
  }

  /** Writes fresh ids (eight spans a trace) and the present time. */
  refresh(): void {
    const { body } = this;
    const digits = (this.#traces.length + this.#spans.length) * idDigits + this.#uuids.length * uuidDigits;
    const fresh = randomBytes(digits / 2).toString("hex");
    let from = 0;
    const take = (count: number) => fresh.slice(from, (from += count));
    let trace = "";
    let root = "";
    let parent = 0;
    this.#spans.forEach((at, index) => {
      const id = take(idDigits);
      body.write(id, at, "latin1");
      if (index % spansPerTrace === 0) {
        trace = take(idDigits);
        root = id;
      } else body.write(root, this.#parents[parent++] as number, "latin1");
      body.write(trace, this.#traces[index] as number, "latin1");
    });
    for (const at of this.#uuids) body.write(take(uuidDigits), at, "latin1");
    this.#refreshTimes();
  }

  #refreshTimes(): void {
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    this.#starts.forEach((at, index) => {
      const start = nowNs - BigInt(Math.floor(Math.random() * startSpreadNs));
      this.body.write(String(start), at, "latin1");
      this.body.write(String(start + BigInt(Math.floor(Math.random() * durationSpreadNs))), this.#ends[index] as number, "latin1");
    });
  }
}
