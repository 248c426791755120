/**
 * Damaged requests: each gets a 400 or is taken, what is taken ClickHouse takes, too, and the good spans of the same
 * request are in the store with every column as it was sent.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { arbitraryRequest, flatten } from "../../test/support/arbitrary-spans.ts";
import { mutated, mutations } from "../../test/support/mutate.ts";
import { encodeOtlp, type OtlpJson } from "../../test/support/otlp-proto.ts";
import { protobufField } from "../../test/support/protobuf-field.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { OtlpError } from "./errors.ts";
import { JsonWalker } from "./json-walker.ts";
import { otlpJsonToProtobuf, UnreadableSpans } from "./otlp-json.ts";
import { SpanTranscoder } from "./transcode-spans.ts";

/** `HOPSCOPE_FUZZ_CASES=100000` for the long run. */
const numRuns = Number(process.env["HOPSCOPE_FUZZ_CASES"] ?? 2_000);
/** Cases whose blocks are one insert. */
const casesPerInsert = 200;

type Form = "protobuf" | "json";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

const startNano = BigInt(Date.now()) * 1_000_000n;
/** What no mutation and no random id begins with. */
const GOOD_TRACE = "900d".repeat(4);
const resource: OtlpJson = { attributes: [{ key: "service.name", value: { stringValue: "neighbour" } }] };
const scope: OtlpJson = { name: "fuzz", version: "1" };

/** A span that fills columns of every kind, so that one row too many or too few anywhere moves its values. */
function goodSpan(run: number, place: "before" | "after"): OtlpJson {
  const attributes = [
    { key: "messaging.destination.name", value: { stringValue: `queue-${place}` } },
    { key: "faas.coldstart", value: { boolValue: true } },
    { key: "http.response.status_code", value: { intValue: "404" } },
    { key: "hopscope.message.keys", value: { arrayValue: { values: [{ stringValue: `key-${place}` }] } } },
    { key: "text", value: { stringValue: place } },
    { key: "whole", value: { intValue: "-7" } },
    { key: "part", value: { doubleValue: 0.5 } },
    { key: "flag", value: { boolValue: false } },
    { key: "list", value: { arrayValue: { values: [{ intValue: "1" }, { stringValue: place }] } } },
  ];
  const other = { traceId: "c".repeat(32), spanId: "d".repeat(16), traceState: "link=1" };
  return {
    traceId: GOOD_TRACE + run.toString(16).padStart(16, "0"),
    spanId: (place === "before" ? "b" : "a").repeat(16),
    parentSpanId: "e".repeat(16),
    traceState: `state=${place}`,
    name: `good ${place}`,
    kind: 5,
    startTimeUnixNano: String(startNano),
    endTimeUnixNano: String(startNano + 5_000_000n),
    attributes,
    events: [{ timeUnixNano: String(startNano + 1n), name: `event ${place}`, attributes: attributes.slice(4) }],
    links: [{ ...other, attributes: attributes.slice(4, 6) }],
    status: { code: 2, message: `status ${place}` },
    flags: 1,
    droppedLinksCount: 3,
  };
}

/** A request of two good spans, and between them the bytes of what was a good one. */
function sandwich(form: Form, run: number, damaged: Buffer | undefined): Buffer {
  const [before, after] = [goodSpan(run, "before"), goodSpan(run, "after")];
  if (form === "json") {
    const [first, last] = [before, after].map((span) => Buffer.from(JSON.stringify(span))) as [Buffer, Buffer];
    const spans = damaged ? [first, damaged, last] : [first, last];
    const empty = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [] }] }] });
    const [head, tail] = empty.split("[]");
    const joined = spans.flatMap((span, place) => (place === 0 ? [span] : [Buffer.from(","), span]));
    return Buffer.concat([Buffer.from(`${head ?? ""}[`), ...joined, Buffer.from(`]${tail ?? ""}`)]);
  }
  const spans = [encodeOtlp("Span", before), ...(damaged ? [damaged] : []), encodeOtlp("Span", after)];
  const scopeParts = [
    protobufField(1, encodeOtlp("InstrumentationScope", scope)),
    ...spans.map((span) => protobufField(2, span)),
  ];
  const parts = [protobufField(1, encodeOtlp("Resource", resource)), protobufField(2, Buffer.concat(scopeParts))];
  return protobufField(1, Buffer.concat(parts));
}

interface JsonRequest {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpJson[] }[] }[];
}

/** Of a sandwich: in JSON, brackets that were cut and doubled may make a neighbour a part of the damaged span. */
function goodSpansIn(form: Form, body: Buffer): number {
  if (form === "protobuf") return 2;
  const { resourceSpans } = JSON.parse(body.toString()) as JsonRequest;
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap((scoped) => scoped.spans);
  return spans.filter(({ traceId }) => typeof traceId === "string" && traceId.startsWith(GOOD_TRACE)).length;
}

const encoded = (form: Form, message: "ExportTraceServiceRequest" | "Span", json: OtlpJson) =>
  form === "json" ? Buffer.from(JSON.stringify(json)) : encodeOtlp(message, json);

const walker = new JsonWalker();
const protobufOf = (json: Buffer) => walker.toProtobuf(json) ?? otlpJsonToProtobuf(json, new UnreadableSpans());

/** Whether it was taken; what is not must be answered with a 400, and leave nothing behind. */
function take(transcoder: SpanTranscoder, form: Form, body: Buffer): boolean {
  const before = transcoder.rows;
  try {
    transcoder.transcode(form === "json" ? protobufOf(body) : body);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(OtlpError);
    expect((error as OtlpError).httpStatus).toBe(400);
    expect(transcoder.rows).toBe(before);
    return false;
  }
}

/** Inserts what was taken, and gives every column of the good spans as text, but for ids and the time of arrival. */
async function insertAndRead(transcoder: SpanTranscoder, token: string): Promise<{ place: string; columns: string }[]> {
  const blocks = transcoder.takeBlocks().map(({ bytes }) => bytes);
  await db.store.command("TRUNCATE TABLE spans");
  if (blocks.length > 0) await db.store.insertNative("spans", blocks, token);
  return db.store.query(
    `SELECT name AS place, toString(tuple(* EXCEPT (trace_id, span_id, seen_after))) AS columns FROM spans
     WHERE startsWith(lower(hex(trace_id)), {good:String})`,
    { good: GOOD_TRACE },
  );
}

it.for(["protobuf", "json"] as const)(
  "damaged %s gets a 400 or is stored, and never harms the good spans of its request",
  { timeout: 3_600_000 },
  async (form) => {
    const transcoder = new SpanTranscoder({ retentionDays: 30 });
    expect(take(transcoder, form, sandwich(form, 0, undefined))).toBe(true);
    const expected = new Map((await insertAndRead(transcoder, `${form}-0`)).map((row) => [row.place, row.columns]));
    expect([...expected.keys()].sort()).toEqual(["good after", "good before"]);
    let run = 0;
    let goodSince = 0;
    let taken = 0;
    const check = async () => {
      const rows = await insertAndRead(transcoder, `${form}-${String(run)}`);
      expect(rows).toHaveLength(goodSince);
      for (const { place, columns } of rows) expect(columns).toBe(expected.get(place));
      taken += goodSince / 2;
      goodSince = 0;
    };
    await fc.assert(
      fc.asyncProperty(arbitraryRequest, mutations, async (request, changes) => {
        run += 1;
        // Anywhere, and where the messages round it stay whole.
        take(transcoder, form, mutated(encoded(form, "ExportTraceServiceRequest", request), changes));
        const span = flatten(request)[0]?.span ?? { ...goodSpan(0, "before"), traceId: "f".repeat(32) };
        const body = sandwich(form, run, mutated(encoded(form, "Span", span), changes));
        if (take(transcoder, form, body)) goodSince += goodSpansIn(form, body);
        if (run % casesPerInsert === 0) await check();
      }),
      { numRuns, endOnFailure: true },
    );
    await check();
    expect(taken).toBeGreaterThan(numRuns / 100);
  },
);

it("random bytes never do more than get a 400", { timeout: 3_600_000 }, () => {
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void take(transcoder, "protobuf", Buffer.from(bytes))),
    { numRuns },
  );
});
