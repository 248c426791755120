/** The walker without objects, held to the reference: the same protobuf, byte for byte, or nothing. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonPayload } from "../../bench/ingest/json-payload.ts";
import { conformanceCases } from "../../test/otlp/conformance.cases.ts";
import { arbitraryRequest } from "../../test/support/arbitrary-spans.ts";
import { mutated, mutations } from "../../test/support/mutate.ts";
import { oddJson } from "../../test/support/odd-json.ts";
import { JsonWalker } from "./json-walker.ts";
import { jsonMemoryKeptMaxBytes, valueDepthMax } from "./limits.ts";
import { otlpJsonToProtobuf, UnreadableSpans } from "./otlp-json.ts";

/** `HOPSCOPE_FUZZ_CASES=100000` for the long run. */
const numRuns = Number(process.env["HOPSCOPE_FUZZ_CASES"] ?? 2_000);
const walker = new JsonWalker();

/** What the walker makes of a body, which must be what the reference makes of all of it; whether it took the body. */
function isTaken(body: Buffer): boolean {
  const walked = walker.toProtobuf(body);
  if (walked === undefined) return false;
  const unreadable = new UnreadableSpans();
  const reference = otlpJsonToProtobuf(body, unreadable);
  expect(unreadable.spans).toBe(0);
  if (!reference.equals(walked)) expect(Buffer.from(walked).toString("hex")).toBe(reference.toString("hex"));
  return true;
}

const span = (members: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}]}`;
const value = (member: string) => span(`"attributes":[{"key":"k","value":{${member}}}]`);
const nested = (depth: number, inner: string): string =>
  depth === 0 ? inner : `"arrayValue":{"values":[{${nested(depth - 1, inner)}}]}`;

/** Keys and texts of every size at which the sizes before them may take one byte or two. */
const everySize = Array.from({ length: 150 }, (_, size) => {
  const [text, half] = ["x".repeat(size), "y".repeat(size / 2)];
  const pairs = [
    [text, `"intValue":"${String(size)}"`],
    [text, '"boolValue":false'],
    ["k", `"stringValue":"${text}"`],
    [half, `"stringValue":"${half}"`],
  ] as const;
  return pairs.map(([key, member]) => `{"key":"${key}","value":{${member}}}`).join(",");
});

const chosenBy = (choices: IterableIterator<number>) => (of: number) => (choices.next().value as number) % of;

describe("what senders write is taken", () => {
  it("any valid request, in nearly any form", { timeout: 120_000 }, () => {
    let taken = 0;
    let odd = 0;
    const runs = numRuns / 4;
    fc.assert(
      fc.property(arbitraryRequest, fc.infiniteStream(fc.nat()), (request, choices) => {
        if (isTaken(Buffer.from(JSON.stringify(request)))) taken += 1;
        if (isTaken(Buffer.from(oddJson(request, chosenBy(choices))))) odd += 1;
      }),
      { numRuns: runs },
    );
    // A double that is "-0" in quotes is left to the reference, and so is a member's name with an escape in it.
    expect(taken).toBeGreaterThan(runs * 0.95);
    expect(odd).toBeGreaterThan(runs * 0.3);
  });

  it("damaged requests, where they are whole all the same", { timeout: 3_600_000 }, () => {
    let taken = 0;
    fc.assert(
      fc.property(arbitraryRequest, mutations, fc.boolean(), (request, changes, isOne) => {
        const body = Buffer.from(JSON.stringify(request));
        if (isTaken(mutated(body, isOne ? changes.slice(0, 1) : changes))) taken += 1;
      }),
      { numRuns },
    );
    expect(taken).toBeGreaterThan(numRuns / 40);
  });

  it("what the exporter of OpenTelemetry sends", async () => {
    const bodies: Buffer[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        bodies.push(Buffer.concat(chunks));
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    }).listen(0, "127.0.0.1");
    await new Promise((settle) => server.once("listening", settle));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1/traces`;
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ "service.name": "shop", "host.load": 0.1 + 0.2 }),
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
    });
    const tracer = provider.getTracer("exporter", "1.2.3");
    const parent = tracer.startSpan("POST /orders", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    const attributes = { ok: true, sizes: [1, -2], ratio: 2 / 3, zero: 0, text: 'ü "quoted"\n', names: ["a", "b"] };
    const links = [{ context: parent.spanContext(), attributes: { why: "batch" } }];
    const child = tracer.startSpan("send", { attributes, links }, trace.setSpan(ROOT_CONTEXT, parent));
    child.recordException(new Error("no such topic"));
    child.setStatus({ code: SpanStatusCode.ERROR, message: "no such topic" });
    child.end();
    parent.end();
    await provider.forceFlush();
    await provider.shutdown();
    server.close();
    expect(bodies.map((body) => isTaken(body))).toEqual([true]);
  });

  it("the payload of the bench", () => {
    const payload = new JsonPayload(1);
    payload.refresh();
    expect(isTaken(payload.body)).toBe(true);
  });

  // Of those that get a partial success, the reference counts what cannot be read.
  it.for(
    conformanceCases.filter(
      ({ headers, path, status, answer }) =>
        /json/i.test(headers?.["content-type"] ?? "") && !path && status === 200 && !answer?.["partialSuccess"],
    ),
  )("of the conformance suite: $promise", ({ body }) => {
    expect(isTaken(body?.() ?? Buffer.alloc(0))).toBe(true);
  });

  it.for<[name: string, json: string]>([
    ["white space everywhere", ' \n{ "resourceSpans" :\t[ { "scopeSpans":[ ] , "schemaUrl" : "" } ] }\r\n'],
    ["white space of every size", span(Array.from({ length: 40 }, (_, size) => `"a":${" \n\t\r".repeat(10).slice(size)}0`).join(","))],
    ["absent members", span('"name":null,"attributes":null,"status":null,"links":[],"kind":null')],
    ["unknown members", span('"a":{"b":[1.5E-3,"\\ud83d\\n",{}],"c":{"d":null}},"name":"n","e":[true,[false]]')],
    ["ids in either case, or none", span('"traceId":"00112233445566778899AABBCCDDEEFF","spanId":"aAbBcCdDeEfF0019","parentSpanId":""')],
    ["integers of 64 bits as strings", value('"intValue":"-9223372036854775808"')],
    ["integers of 64 bits as numbers", value('"intValue":9223372036854775807')],
    ["integers as strings with zeros before them", value('"intValue":"-007"')],
    ["times as numbers", span('"startTimeUnixNano":1795307944152440389,"endTimeUnixNano":0')],
    ["small times", span('"startTimeUnixNano":"12345678","endTimeUnixNano":"1234567890123456"')],
    ["the last time of all", span('"startTimeUnixNano":"18446744073709551615"')],
    ["integers of 20 digits", value('"intValue":"-00000000000000000012"')],
    ["doubles of many digits", value('"doubleValue":0.30000000000000004')],
    ["doubles of more digits than count", value('"doubleValue":-123456789012345678901234567890.1234567890')],
    ["doubles beyond all", value('"doubleValue":1e999')],
    ["doubles beside nothing", value('"doubleValue":2.5e-324')],
    ["doubles below zero's smallest", value('"doubleValue":-1e-400')],
    ["doubles that are integers", value('"doubleValue":9007199254740993')],
    ["doubles at the powers' end", value('"doubleValue":1.7e22')],
    ["zero below zero", value('"doubleValue":-0')],
    ["no number", value('"doubleValue":"NaN"')],
    ["infinity", value('"doubleValue":"-Infinity"')],
    ["every escape", value('"stringValue":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u007F\\u00e9\\u20AC\\ud83d\\ude00"')],
    ["halves of pairs", value('"stringValue":"\\ud83d\\ud83d\\ude00 \\ude00\\ud83d\\u0041\\ud83d"')],
    ["text beyond ASCII", value('"stringValue":"é€😀"')],
    ["a text at the size's edge", value(`"stringValue":"${"x".repeat(127)}"`)],
    ["a text beyond it", value(`"stringValue":"${"x".repeat(128)}"`)],
    ["attributes of every size", span(`"attributes":[${everySize.join(",")}]`)],
    ["attributes of every size, with spaces", span(`"attributes":[${everySize.join(" , ").replaceAll(":", " : ")}]`)],
    ["a long text with escapes", value(`"stringValue":"${"x\\n".repeat(10_000)}"`)],
    ["an escape behind 16 characters", value('"stringValue":"0123456789abcdef\\n"')],
    ["bytes", value('"bytesValue":"AP/+"')],
    ["bytes with padding", value('"bytesValue":"AA=="')],
    ["bytes with less padding", value('"bytesValue":"AAE="')],
    ["no bytes", value('"bytesValue":""')],
    ["empty values", value("")],
    ["values as deep as they are kept", value(nested(valueDepthMax, '"boolValue":true'))],
    ["more than one value", value('"stringValue":"a","intValue":1')],
  ])("%s", ([, json]) => {
    expect(isTaken(Buffer.from(json))).toBe(true);
  });
});

describe("what is for the reference to judge is left to it", () => {
  it.for<[name: string, json: string]>([
    ["nothing", ""],
    ["no object", "[]"],
    ["what is behind the request", "{}{}"],
    ["a request that ends too early", span('"name":"n"').slice(0, -1)],
    ["a comma too many", span('"name":"n",')],
    ["white space that JSON does not know", `{${" ".repeat(20)}\v}`],
    ["a mark of byte order", "\ufeff{}"],
    ["a member twice", span('"name":"a","name":"b"')],
    ["a member twice, once absent", span('"name":"a","name":null')],
    ["a name with an escape", span('"n\\u0061me":"a"')],
    ["control characters in a text", value('"stringValue":"a\nb"')],
    ["control characters in a name", span('"a\nb":1')],
    ["control characters in what is skipped", span('"a":"a\nb"')],
    ["an unknown escape in what is skipped", span('"a":"\\x"')],
    ["an escape without digits in what is skipped", span('"a":["\\u00g0"]')],
    ["a number with a zero before it in what is skipped", span('"a":-01')],
    ["a name without a value in what is skipped", span('"a":{"b"}')],
    ["an array without an end in what is skipped", span('"a":[1}')],
    ["an unknown escape", value('"stringValue":"\\x"')],
    ["an escape without digits", value('"stringValue":"\\u00g0"')],
    ["a number with a zero before it", value('"intValue":007')],
    ["an integer with a fraction", value('"intValue":1.0')],
    ["an integer with an exponent", value('"intValue":1e3')],
    ["an integer beyond 64 bits", value('"intValue":"9223372036854775808"')],
    ["an integer far beyond them", value('"intValue":"99999999999999999999"')],
    ["a time beyond 64 bits", span('"startTimeUnixNano":"18446744073709551616"')],
    ["a time beyond 20 digits", span('"startTimeUnixNano":"000000000000000000001"')],
    ["a time far beyond 64 bits", span('"startTimeUnixNano":"20000000000000000000"')],
    ["a count beyond 32 bits", span('"droppedAttributesCount":4294967296')],
    ["a count below zero", span('"droppedAttributesCount":-1')],
    ["an enum in quotes", span('"kind":"2"')],
    ["an enum below zero", span('"kind":-1')],
    ["ids of a wrong length", span('"traceId":"00"')],
    ["ids of other characters", span('"traceId":"0011223344556677889\\u0030aabbccddeeff"')],
    ["ids beyond hex digits", span('"spanId":"001122334455667g"')],
    ["ids with what a small letter's bit makes a digit of", span('"spanId":"0011223344556\u0011\u001077"')],
    ["doubles in quotes", value('"doubleValue":"1.5"')],
    ["a double without digits", value('"doubleValue":1.')],
    ["a double without an exponent", value('"doubleValue":1e')],
    ["bytes without padding", value('"bytesValue":"AA"')],
    ["bytes in the alphabet of addresses", value('"bytesValue":"-_-_"')],
    ["bytes with bits too many", value('"bytesValue":"AB=="')],
    ["null in a list", span('"attributes":[null]')],
    ["a word that is none", span('"attributes":nil')],
    ["a word that is none, skipped", span('"a":trux')],
    ["values too deep", value(nested(valueDepthMax + 1, '"boolValue":true'))],
    ["unknown members too deep", span(`"a":${"[".repeat(33)}${"]".repeat(33)}`)],
  ])("%s", ([, json]) => {
    expect(walker.toProtobuf(Buffer.from(json))).toBeUndefined();
  });

  it("bytes that are not UTF-8", () => {
    expect(walker.toProtobuf(Buffer.from(value('"stringValue":"é"'), "latin1"))).toBeUndefined();
  });
});

it("large requests, and small ones after them", () => {
  const large = value(`"stringValue":"${"x".repeat(jsonMemoryKeptMaxBytes)}"`);
  const bodies = ["{}", large, "{}", value('"stringValue":"y"')];
  expect(bodies.map((body) => isTaken(Buffer.from(body)))).toEqual([true, true, true, true]);
});
