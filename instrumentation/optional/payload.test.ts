/** Payloads as attributes: bounded, redacted, and never touched. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makePayloadText } from "./payload.ts";

const text = (payload: unknown, options = {}): string => makePayloadText(options)(payload) ?? "";
const read = (payload: unknown, options = {}): unknown => JSON.parse(text(payload, options));

afterEach(() => {
  delete process.env.HOPSCOPE_REDACT_KEYS;
  delete process.env.HOPSCOPE_CAPTURE_PAYLOAD_BYTES;
  vi.restoreAllMocks();
});

describe("what is secret", () => {
  it.for([
    ["password", { password: "p" }],
    ["a header in any case", { headers: { AUTHORIZATION: "Bearer abc", Cookie: "sid=p" } }],
    ["multi-value headers", { multiValueHeaders: { "X-Api-Key": ["p", "q"] } }],
    ["cookies of an HTTP API", { cookies: ["a=p"] }],
    ["client secret", { oauth: { client_secret: "p", refreshToken: "q" } }],
    ["social security number", { customerSsn: "p", ssn_us: "q" }],
    ["card", { payment: { cardNumber: "4111", cvv: 1 } }],
    ["a whole object under a secret name", { credentials: { user: "u", hint: "p" } }],
    ["a pair of name and value", { parameters: [{ Name: "db-password", Value: "p" }] }],
    ["a message attribute", { messageAttributes: { token: { stringValue: "p", dataType: "String" } } }],
    ["a DynamoDB attribute", { NewImage: { password: { S: "p" } } }],
    ["JSON in a body", { body: JSON.stringify({ user: "ada", password: "p" }) }],
    ["JSON in JSON in a message", { Records: [{ body: JSON.stringify({ Message: JSON.stringify({ secret: "p" }) }) }] }],
    ["JSON in base64", { kinesis: { data: btoa(JSON.stringify({ password: "p" })) } }],
    ["a body in base64", { isBase64Encoded: true, body: btoa("user=ada&password=p") }],
    ["a form", { body: "user=ada&pass%77ord=p&x=1" }],
    ["a query string", { rawQueryString: "access_token=p&page=1" }],
    ["a URL", { referer: "https://a.example/?page=1&X-Amz-Signature=p" }],
    ["a token in a text", { note: "sent Bearer p.q-r to them" }],
    ["a JSON web token anywhere", { note: `see ${["eyJhbGciOi", "eyJzdWIiOi", "p"].join(".")}` }],
    ["a member in a text around JSON", { note: 'got {"password": "p", "n": 1}' }],
    ["XML", { body: "<login><password>p</password></login>" }],
    ["JSON that is broken off", { body: '{"a":1,"password":"p"' }],
  ] as const)("%s", ([, payload]) => {
    const written = text(payload);
    expect(written).toMatch(/\[redacted\]|\[\d+ (bytes|characters)\]/);
    expect(written).not.toMatch(/\b[pq]\b|4111|"1"|eyJ/);
  });

  it("is decided by the names a user adds, in options and environment", () => {
    process.env.HOPSCOPE_REDACT_KEYS = "birth, Phone";
    expect(read({ birthday: "p", mobilePhone: "p", vat_id: "p", city: "Rome" }, { redactKeys: [/^vat_/g] })).toEqual({
      birthday: "[redacted]",
      mobilePhone: "[redacted]",
      vat_id: "[redacted]",
      city: "Rome",
    });
  });

  it("leaves everything else as it is", () => {
    const event = { orderId: "o-1", items: [{ sku: "a", count: 2, price: 1.5 }], gift: false, note: null, passenger: "ada", className: "a" };
    expect(read(event)).toEqual(event);
    expect(read({ body: '{"a":[1]}' })).toEqual({ body: { a: [1] } });
  });
});

describe("what is large", () => {
  it("is cut inside of the JSON, and says how much is missing", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`member${n}`, n]));
    const written = read(many, { maxBytes: 256 }) as Record<string, unknown>;
    expect(written["…"]).toBe(500 - (Object.keys(written).length - 1));
    expect(read(Array.from({ length: 500 }, () => 12345), { maxBytes: 64 })).toEqual([12345, 12345, 12345, 12345, 12345, 12345, "…"]);
    expect(read("ü".repeat(500), { maxBytes: 64 })).toMatch(/^ü{20,}…$/);
    expect(text("x".repeat(1_000_000))).toHaveLength(4_096 - 2);
  });

  it.for([[63], [20_000], ["many"], [1.5]])("maxBytes %s is reported with what is allowed, and ignored", ([maxBytes]) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(text("x".repeat(5_000), { maxBytes })).toHaveLength(4_096 - 2);
    expect(warn.mock.calls[0]?.[0]).toContain("from 64 to 16384");
  });

  it("has the size that the environment says", () => {
    process.env.HOPSCOPE_CAPTURE_PAYLOAD_BYTES = "100";
    expect(Buffer.byteLength(text("x".repeat(5_000)))).toBeLessThanOrEqual(100);
  });

  it("always fits, and is JSON", () => {
    const property = (payload: unknown, maxBytes: number): void => {
      const written = text(payload, { maxBytes });
      expect(Buffer.byteLength(written)).toBeLessThanOrEqual(maxBytes);
      JSON.parse(written);
    };
    const kinds = { withDate: true, withBigInt: true, withTypedArray: true, withNullPrototype: true, withMap: true };
    const anything = fc.anything(kinds);
    const defined = fc.oneof(anything, fc.json(), fc.string({ unit: "binary" })).filter((payload) => payload !== undefined);
    fc.assert(fc.property(defined, fc.integer({ min: 64, max: 400 }), property), { numRuns: 500 });
  });
});

describe("what is hostile", () => {
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic.self = cyclic;
  let deep: unknown = "end";
  for (let n = 0; n < 10_000; n++) deep = [deep];
  const throwing = (): never => {
    throw new Error("hostile");
  };
  const traps = { get: throwing, ownKeys: throwing, getOwnPropertyDescriptor: throwing, getPrototypeOf: throwing };
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();

  it.for([
    ["a cycle", cyclic, '{"a":1,"self":"[circular]"}'],
    ["a getter, which is not called", { get lazy() { return throwing(); }, b: 1 }, '{"lazy":"[getter]","b":1}'],
    ["a proxy", { inner: new Proxy({}, traps), b: 1 }, '{"inner":"[unreadable]","b":1}'],
    ["a revoked proxy", { inner: revoked, b: 1 }, '{"inner":"[unreadable]","b":1}'],
    ["toJSON, which is not called", { toJSON: throwing, b: 1 }, '{"toJSON":null,"b":1}'],
    ["values without a form in JSON", { a: Number.NaN, b: 1n, c: Symbol("c"), d: undefined }, '{"a":null,"b":"1","c":null,"d":null}'],
    ["bytes", { a: Buffer.from("abc") }, '{"a":"[3 bytes]"}'],
    ["dates", [new Date(0), new Date(Number.NaN)], '["1970-01-01T00:00:00.000Z","[invalid date]"]'],
  ] as const)("%s", ([, payload, expected]) => {
    expect(text(payload)).toBe(expected);
  });

  it("nesting without end, and six megabytes", () => {
    expect(text(deep).length).toBeLessThan(200);
    expect(text({ body: `{"a":"${"x".repeat(6_000_000)}"}` })).toBe('{"body":"[6000008 characters]"}');
  });

  it("is not changed: a frozen payload, and one that is used afterwards", () => {
    const payload = { body: '{"password":"p"}', items: [{ n: 1 }] };
    const before = structuredClone(payload);
    text(Object.freeze(payload));
    expect(payload).toEqual(before);
  });
});
