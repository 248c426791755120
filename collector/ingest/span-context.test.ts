import { expect, it } from "vitest";
import { encodeOtlp } from "../../test/support/otlp-proto.ts";
import { ContextCache, type ContextParts } from "./span-context.ts";

const attributes = (name: string) => [{ key: "service.name", value: { stringValue: name } }];

/** A request's bytes, and where the parts of a context lie in them. */
function placed(message: Uint8Array | undefined, schemaUrl?: string): { bytes: Uint8Array; parts: ContextParts } {
  const url = Buffer.from(schemaUrl ?? "");
  const size = message?.length ?? 0;
  const bytes = Buffer.concat([Buffer.of(0), message ?? Buffer.alloc(0), url]);
  return {
    bytes,
    parts: {
      message: message && { start: 1, end: 1 + size },
      schemaUrl: schemaUrl === undefined ? undefined : { start: 1 + size, end: bytes.length },
    },
  };
}

it("tells resources and scopes apart by all of their bytes, though their hashes are the same", () => {
  const cache = new ContextCache(() => 7);
  const text = (view: DataView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString();
  const shop = encodeOtlp("Resource", { attributes: attributes("shop") });
  const mail = encodeOtlp("Resource", { attributes: attributes("mail") });
  const cases = [placed(shop), placed(mail), placed(shop, "https://a.example"), placed(shop, ""), placed(undefined)];
  const expected = cases.map(({ bytes, parts }) => text(new ContextCache(() => 7).resource(bytes, parts).json));
  expect(expected[0]).toContain("shop");
  for (let turn = 0; turn < 2; turn += 1) {
    expect(cases.map(({ bytes, parts }) => text(cache.resource(bytes, parts).json))).toEqual(expected);
  }
  const scope = placed(encodeOtlp("InstrumentationScope", { name: "tracer", attributes: attributes("shop") }));
  expect(text(cache.scope(scope.bytes, scope.parts))).toContain("tracer");
  expect(cache.scope(scope.bytes, scope.parts)).toBe(cache.scope(scope.bytes, scope.parts));
});
