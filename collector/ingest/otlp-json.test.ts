/** OTLP/JSON that cannot be read: what is refused whole, and what is left out. */
import { expect, it } from "vitest";
import { OtlpError } from "./errors.ts";
import { otlpJsonToProtobuf, UnreadableSpans } from "./otlp-json.ts";

const good = { traceId: "a".repeat(32), spanId: "b".repeat(16), name: "good" };
const request = (...spans: unknown[]) => Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));

it("leaves out spans that cannot be read, as if they had not been sent", () => {
  const unreadable = new UnreadableSpans();
  const deep = { attributes: [{ key: "k", value: { kvlistValue: { values: [{ key: 1 }] } } }] };
  const bytes = otlpJsonToProtobuf(request(good, 7, { ...good, ...deep }, { ...good, links: {} }, good), unreadable);
  expect(bytes).toEqual(otlpJsonToProtobuf(request(good, good)));
  expect(unreadable.spans).toBe(3);
  expect([...unreadable.reasons]).toEqual([
    expect.stringMatching(/spans\[1\] must be an object/),
    expect.stringMatching(/spans\[2\]\.attributes\[0\]\.value\.kvlistValue\.values\[0\]\.key must be a string/),
    expect.stringMatching(/spans\[3\]\.links must be an array/),
  ]);
});

it.for([
  ["no span is left", request({ ...good, name: 1 })],
  ["a thousand are wrong", request(good, ...Array.from({ length: 1_001 }, () => ({ name: 1 })))],
  ["what is wrong is of no span", Buffer.from('{"resourceSpans":[{"resource":{"attributes":1}},{}]}')],
] as const)("refuses the request where %s", ([, body]) => {
  expect(() => otlpJsonToProtobuf(body, new UnreadableSpans())).toThrow(OtlpError);
});
