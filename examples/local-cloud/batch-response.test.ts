import { describe, expect, it } from "vitest";
import { handledMessageIds } from "./batch-response.ts";
import type { InvocationOutcome } from "./runtime-api.ts";

const answer = (body: string): InvocationOutcome => ({ kind: "response", body: Buffer.from(body), streamed: false });
const failures = (...ids: unknown[]): InvocationOutcome =>
  answer(JSON.stringify({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) }));

describe("after a batch of a, b and c (source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html)", () => {
  it.for([
    ["an error", { kind: "error", errorType: "E", errorMessage: "m" }, [], []],
    ["null", answer("null"), ["a", "b", "c"], ["a", "b", "c"]],
    ["an empty object", answer("{}"), ["a", "b", "c"], ["a", "b", "c"]],
    ["an empty list", failures(), ["a", "b", "c"], ["a", "b", "c"]],
    ["a null list", answer('{"batchItemFailures":null}'), ["a", "b", "c"], ["a", "b", "c"]],
    ["one failure", failures("b"), ["a", "c"], ["a", "b", "c"]],
    ["every failure", failures("a", "b", "c"), [], ["a", "b", "c"]],
    ["an unknown id", failures("x"), [], ["a", "b", "c"]],
    ["an empty id", failures(""), [], ["a", "b", "c"]],
    ["a null id", failures(null), [], ["a", "b", "c"]],
    ["a string", answer('"done"'), [], ["a", "b", "c"]],
    ["no JSON", answer("done"), [], ["a", "b", "c"]],
  ] as const)("an answer of %s deletes what was handled", ([, outcome, reporting, plain]) => {
    expect(handledMessageIds(outcome, ["a", "b", "c"], true)).toEqual(reporting);
    expect(handledMessageIds(outcome, ["a", "b", "c"], false)).toEqual(plain);
  });
});
