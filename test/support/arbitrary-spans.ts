/** Random OTLP requests for property tests, in the shape of OTLP/JSON. */
import * as fc from "fast-check";
import { PROMOTED_SPAN_COLUMNS } from "../../collector/store/span-columns.ts";
import type { OtlpJson } from "./otlp-proto.ts";

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.string({ maxLength: 300 }), fc.constant(""));
const hexId = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((id) => Buffer.from(id).toString("hex"))
    .filter((id) => !/^0+$/.test(id));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const uint64 = fc
  .oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n))
  .map(String);
const promotedInteger = fc.constantFrom("0", "1", "200", "65535", "65536", "4294967295", "4294967296");
const uint32 = fc.nat(0xffff_ffff);
const double = fc.double().map((value) => {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  // JSON.stringify writes -0 as 0, so the sign needs the other form that protobuf's JSON allows for a double.
  if (Object.is(value, -0)) return "-0";
  return value;
});

const { anyValue } = fc.letrec<{ anyValue: OtlpJson; keyValue: OtlpJson }>((tie) => ({
  anyValue: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant({}),
    text.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.oneof(int64, promotedInteger).map((intValue) => ({ intValue })),
    double.map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ bytesValue: Buffer.from(bytes).toString("base64") })),
    fc.array(tie("anyValue"), { maxLength: 4 }).map((values) => ({ arrayValue: { values } })),
    fc.array(tie("keyValue"), { maxLength: 3 }).map((values) => ({ kvlistValue: { values } })),
  ),
  keyValue: fc.record({ key: text, value: tie("anyValue") }),
}));

const attributeName = fc.oneof(
  fc.constantFrom(
    ...PROMOTED_SPAN_COLUMNS.map((column) => column.attribute),
    ...["hopscope.message.keys", "__proto__", "constructor", "toString", "a", ""],
  ),
  text,
);

/** Attributes whose keys differ from each other, as the specification wants them. */
const attributes = fc.uniqueArray(fc.record({ key: attributeName, value: anyValue }), {
  selector: ({ key }) => key,
  maxLength: 12,
});

const event = fc.record({ timeUnixNano: uint64, name: text, attributes, droppedAttributesCount: uint32 });
const link = fc.record({
  traceId: hexId(16),
  spanId: hexId(8),
  traceState: text,
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
});

const span = fc.record({
  traceId: hexId(16),
  spanId: hexId(8),
  traceState: text,
  parentSpanId: fc.oneof(fc.constant(""), hexId(8)),
  name: text,
  kind: fc.nat(5),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(event, { maxLength: 3 }),
  droppedEventsCount: uint32,
  links: fc.array(link, { maxLength: 3 }),
  droppedLinksCount: uint32,
  status: fc.record({ message: text, code: fc.nat(2) }),
  flags: uint32,
});

const scopeSpans = fc.record({
  scope: fc.record({ name: text, version: text, attributes, droppedAttributesCount: uint32 }),
  spans: fc.array(span, { maxLength: 4 }),
  schemaUrl: text,
});

const resourceSpans = fc.record({
  resource: fc.record({ attributes, droppedAttributesCount: uint32 }),
  scopeSpans: fc.array(scopeSpans, { maxLength: 2 }),
  schemaUrl: text,
});

/** A request of valid spans; span ids are unique. */
export const arbitraryRequest: fc.Arbitrary<OtlpJson> = fc
  .record({ resourceSpans: fc.array(resourceSpans, { maxLength: 3 }) })
  .filter((request) => {
    const ids = flatten(request).map(({ span: { spanId } }) => spanId);
    return new Set(ids).size === ids.length;
  });

/** The request's spans, each with its resource and its scope, whose schema URLs lie beside their members. */
export function flatten(request: OtlpJson): { resource: OtlpJson; scope: OtlpJson; span: OtlpJson }[] {
  return (request["resourceSpans"] as OtlpJson[]).flatMap((above) =>
    (above["scopeSpans"] as OtlpJson[]).flatMap((scoped) =>
      (scoped["spans"] as OtlpJson[]).map((one) => ({
        resource: { ...(above["resource"] as OtlpJson), schemaUrl: above["schemaUrl"] },
        scope: { ...(scoped["scope"] as OtlpJson), schemaUrl: scoped["schemaUrl"] },
        span: one,
      })),
    ),
  );
}
