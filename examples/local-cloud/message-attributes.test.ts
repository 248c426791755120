import { describe, expect, it } from "vitest";
import { snsAttributesProblem, sqsAttributesProblem } from "./message-attributes.ts";

const text = (value: string) => ({ DataType: "String", StringValue: value });
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`name${i}`, text("x")]));

describe("message attributes", () => {
  it.for([
    ["ten attributes", many(10), undefined, undefined],
    ["eleven attributes", many(11), /exceeds the allowed maximum/, undefined],
    ["an empty string", { traceparent: text("") }, /non-empty/, /non-empty/],
    ["an empty binary", { bin: { DataType: "Binary", BinaryValue: "" } }, /non-empty/, /non-empty/],
    ["a reserved prefix", { "AWS.trace": text("x") }, /reserved prefix/, undefined],
    ["a reserved prefix in other letters", { "amazon.trace": text("x") }, /reserved prefix/, undefined],
    ["two dots in a row", { "a..b": text("x") }, /is invalid/, /is invalid/],
    ["a dot at the end", { "a.": text("x") }, /is invalid/, /is invalid/],
    ["a space", { "a b": text("x") }, /is invalid/, /is invalid/],
    ["a custom type", { n: { DataType: "Number.int", StringValue: "1" } }, undefined, undefined],
    ["no attributes", {}, undefined, undefined],
  ] as const)("with %s get the answer of each service", ([, attributes, sqs, sns]) => {
    for (const [problem, expected] of [
      [sqsAttributesProblem(attributes), sqs],
      [snsAttributesProblem(attributes), sns],
    ] as const) {
      if (expected === undefined) expect(problem).toBeUndefined();
      else expect(problem).toMatch(expected);
    }
  });
});
