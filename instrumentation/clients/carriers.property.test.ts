/**
 * Whatever is sent: what is injected is what is extracted, no message is pushed past a limit that it was under,
 * and nothing of the user's is changed.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfig } from "../core/config.ts";
import { carry, type Carried } from "../core/propagation.ts";
import { makePropagator } from "../core/propagator.ts";
import { ROOT, spanOf, withSpan } from "../core/context.ts";
import { PassingSpan } from "../core/span.ts";
import { detect } from "../events/index.ts";
import { toXray, xray } from "../events/x-ray.ts";
import { sqsRecord } from "../events/sqs.cases.ts";
import { asObject, type Fields } from "../events/event-source.ts";
import type { AwsCommand } from "./aws-command.ts";
import { lambdaCommands } from "./lambda.ts";
import { attributeBytes, textBytes } from "./message-attributes.ts";
import { snsCommands } from "./sns.ts";
import { sqsCommands } from "./sqs.ts";

const config = readConfig({ OTEL_SERVICE_NAME: "shop, café" });
const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
    .filter((id) => /[^0]/.test(id));
const spanContext = fc.record({ traceId: hex(32), spanId: hex(16), traceFlags: fc.constantFrom(0, 1) });
const SENT_MS = 1_763_712_000_000;
const baggage = fc.option(fc.string({ minLength: 1, maxLength: 600, unit: "grapheme-ascii" }), { nil: undefined });
const carried = fc.tuple(spanContext, baggage).map(([context, text]) => ({
  ...(carry(new PassingSpan(context), config, undefined, SENT_MS) as Carried),
  baggage: text,
}));

type Attribute = { DataType: string; StringValue?: string; BinaryValue?: Uint8Array };
const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.record({ DataType: fc.constantFrom("String", "Number"), StringValue: fc.string({ minLength: 1, maxLength: 200 }) }),
  fc.record({ DataType: fc.constant("Binary"), BinaryValue: fc.uint8Array({ minLength: 1, maxLength: 200 }) }),
);
const attributes = fc.dictionary(
  fc.string({ unit: fc.constantFrom(..."abcXYZ_-"), minLength: 1, maxLength: 20 }),
  attribute,
  { maxKeys: 12, noNullPrototype: true },
);
/** Sizes round the limits, where the mistakes are. */
const bodyBytes = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.integer({ min: 261_000, max: 262_200 }),
  fc.integer({ min: 1_047_500, max: 1_048_600 }),
);

const LIMITS_BYTES = [262_144, 1_048_576];
const sizeOf = (entry: Fields, body: string): number =>
  textBytes(entry[body]) + attributeBytes(asObject(entry.MessageAttributes));

function keepsWithinLimits(before: Fields[], after: Fields[], body: string): void {
  const total = (entries: Fields[]): number => entries.reduce((sum, entry) => sum + sizeOf(entry, body), 0);
  for (const limit of LIMITS_BYTES) if (total(before) <= limit) expect(total(after)).toBeLessThanOrEqual(limit);
  for (const [index, entry] of before.entries()) {
    const names = (fields: Fields | undefined): string[] => Object.keys(asObject(fields?.MessageAttributes) ?? {});
    const count = names(after[index]).length;
    expect(count).toBeLessThanOrEqual(Math.max(10, names(entry).length));
    expect(after[index]).toMatchObject(entry);
  }
}

/** What a command's `inject` is given and makes of it. */
function inject(command: AwsCommand | undefined, input: Fields, context: Carried): Fields {
  const frozen = structuredClone(input);
  const output = command?.inject?.(input, context) ?? input;
  expect(input).toEqual(frozen);
  return output;
}

/** A message as Lambda hands it on. */
function toRecord({ MessageAttributes = {}, MessageSystemAttributes = {} }: Fields): object {
  const messageAttributes = Object.fromEntries(
    Object.entries(MessageAttributes as Record<string, Attribute>).map(([name, given]) => {
      const binaryValue = given.BinaryValue && Buffer.from(given.BinaryValue).toString("base64");
      return [name, { dataType: given.DataType, stringValue: given.StringValue, binaryValue }];
    }),
  );
  const system = Object.entries(MessageSystemAttributes as Record<string, Attribute>);
  return sqsRecord({ messageAttributes, attributes: Object.fromEntries(system.map(([n, a]) => [n, a.StringValue])) });
}

describe("a message of SQS", () => {
  it("gives its consumer the sender's span, however full and large it is", () => {
    fc.assert(
      fc.property(carried, attributes, bodyBytes, (context, MessageAttributes, size) => {
        const input = { MessageBody: "x".repeat(size), MessageAttributes };
        const output = inject(sqsCommands["SQS.SendMessage"], input, context);
        keepsWithinLimits([input], [output], "MessageBody");
        const sender = context.span.spanContext();
        const got = detect({ Records: [toRecord(output)] }, {}).parent;
        // X-Ray says nothing of an unsampled trace that a reader could tell from Lambda's own header.
        if (got || sender.traceFlags) {
          expect(got).toMatchObject({ traceId: sender.traceId, spanId: sender.spanId, traceFlags: sender.traceFlags });
        }
      }),
    );
  });

  it("stays within the limits as part of a batch", () => {
    const entry = fc.record({ size: fc.integer({ min: 0, max: 110_000 }), MessageAttributes: attributes });
    fc.assert(
      fc.property(carried, fc.array(entry, { maxLength: 10 }), (context, sizes) => {
        const Entries = sizes.map(({ size, MessageAttributes }, index) => ({
          Id: String(index),
          MessageBody: "x".repeat(size),
          MessageAttributes,
        }));
        const output = inject(sqsCommands["SQS.SendMessageBatch"], { Entries }, context);
        keepsWithinLimits(Entries, output.Entries as Fields[], "MessageBody");
      }),
    );
  });
});

describe("a message of SNS", () => {
  it("gives the sender's span on, raw and in an envelope, where it has room", () => {
    fc.assert(
      fc.property(carried, attributes, bodyBytes, (context, MessageAttributes, size) => {
        const input = { TopicArn: "arn:aws:sns:us-east-1:1:orders", Message: "x".repeat(size), MessageAttributes };
        const output = inject(snsCommands["SNS.Publish"], input, context);
        keepsWithinLimits([input], [output], "Message");
        if (output === input) return;
        const { traceId, spanId } = context.span.spanContext();
        expect(detect({ Records: [toRecord(output)] }, {}).parent).toMatchObject({ traceId, spanId });
        const inEnvelope = Object.fromEntries(
          Object.entries(output.MessageAttributes as Record<string, Attribute>).map(([name, given]) => [
            name,
            { Type: given.DataType, Value: given.StringValue ?? Buffer.from(given.BinaryValue ?? []).toString("base64") },
          ]),
        );
        const body = JSON.stringify({ Type: "Notification", TopicArn: "t", MessageAttributes: inEnvelope });
        expect(detect({ Records: [sqsRecord({ body })] }, {}).parent).toMatchObject({ traceId, spanId });
      }),
    );
  });
});

describe("the other carriers", () => {
  it("a client context gives the sender's span on and keeps what the user put there", () => {
    const json = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue({ maxDepth: 1 }), {
      maxKeys: 3,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(carried, json, (context, custom) => {
        const ClientContext = Buffer.from(JSON.stringify({ custom, env: { a: 1 } })).toString("base64");
        const output = inject(lambdaCommands["Lambda.Invoke"], { FunctionName: "f", ClientContext }, context);
        const clientContext = JSON.parse(Buffer.from(String(output.ClientContext), "base64").toString()) as Fields;
        expect(clientContext).toMatchObject(JSON.parse(JSON.stringify({ custom, env: { a: 1 } })) as object);
        expect(String(output.ClientContext).length).toBeLessThanOrEqual(3_583);
        const { traceId, spanId } = context.span.spanContext();
        if (output.ClientContext !== ClientContext) {
          expect(detect({}, { clientContext }).parent).toMatchObject({ traceId, spanId });
        }
      }),
    );
  });

  it("X-Ray's form holds a W3C id without loss", () => {
    fc.assert(
      fc.property(spanContext, (context) => {
        const got = xray(toXray({ ...context, traceFlags: 1 }));
        expect(got).toMatchObject({ traceId: context.traceId, spanId: context.spanId, traceFlags: 1 });
      }),
    );
  });

  it("headers in any case give the sender's span on", () => {
    const flip = (text: string, bits: number): string =>
      [...text].map((unit, index) => ((bits >> index) & 1 ? unit.toUpperCase() : unit)).join("");
    fc.assert(
      fc.property(spanContext, fc.integer({ min: 0, max: 4_095 }), (context, bits) => {
        const headers: Record<string, string> = {};
        const propagator = makePropagator(() => config);
        const set = (_: unknown, name: string, value: string): void => void (headers[flip(name, bits)] = value);
        propagator.inject(withSpan(ROOT, new PassingSpan(context)), headers, { set });
        const event = { requestContext: { http: { method: "GET", path: "/" } }, headers };
        expect(detect(event, {}).parent).toMatchObject(context);
        const extracted = propagator.extract(ROOT, headers, {
          keys: Object.keys,
          get: (carrier: typeof headers, name) => carrier[flip(name, bits)],
        });
        expect(spanOf(extracted)?.spanContext()).toMatchObject(context);
      }),
    );
  });

  it("keeps other tracers' members of tracestate behind ours", () => {
    const context = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
    const headers = { traceparent: `00-${context.traceId}-${context.spanId}-01`, tracestate: "dd=s:1,hs=old, rojo=00f0" };
    const remote = detect({ requestContext: { http: { method: "GET" } }, headers }, {}).parent;
    const carriedOn = remote && carry(new PassingSpan(remote), config, undefined, SENT_MS);
    const own = `p:${context.spanId};t:${(1_763_712_000_000).toString(36)};s:shop%2C%20caf%C3%A9`;
    expect(carriedOn?.tracestate).toBe(`hs=${own},dd=s:1,rojo=00f0`);
  });
});
