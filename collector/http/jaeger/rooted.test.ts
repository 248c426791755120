/** What a client of Jaeger draws: what roots lead to by the first reference whose id is in the trace. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { span, spanIdOf, traceIdOf, type SpanInput } from "../../flow/test-spans.ts";
import { toJaegerTrace } from "./jaeger-json.ts";
import type { JaegerSpan } from "./jaeger-trace.ts";

/** Span ids that a client draws: by their ids, of which only the first counts. */
function drawn(spans: readonly JaegerSpan[]): string[] {
  const first = new Map(spans.toReversed().map((each) => [each.spanID, each]));
  const isDrawn = (each: JaegerSpan) => {
    let at: JaegerSpan | undefined = each;
    for (let steps = 0; at && steps <= spans.length; steps += 1) {
      const parent: string | undefined = at.references.find(({ spanID }) => first.has(spanID))?.spanID;
      if (parent === undefined) return true;
      at = first.get(parent);
    }
    return false;
  };
  return spans.filter(isDrawn).map(({ spanID }) => spanID);
}

const traceOf = (inputs: readonly SpanInput[]) => toJaegerTrace(traceIdOf("t"), inputs.map(span));

const cases: { readonly name: string; readonly spans: readonly SpanInput[]; readonly leftOut: readonly string[] }[] = [
  {
    name: "spans that are each other's parents",
    spans: [
      { trace: "t", id: "a", parent: "b" },
      { trace: "t", id: "b", parent: "a", at: 1 },
    ],
    leftOut: ["a: CHILD_OF b"],
  },
  { name: "a span that is its own parent", spans: [{ trace: "t", id: "a", parent: "a" }], leftOut: ["a: CHILD_OF a"] },
  {
    name: "a root that links to what it did itself",
    spans: [
      { trace: "t", id: "a", at: 1, links: [{ trace: "t", id: "b" }] },
      { trace: "t", id: "b", parent: "a" },
    ],
    leftOut: ["a: FOLLOWS_FROM b"],
  },
  {
    name: "a link to a span of another trace that has the id of its own child",
    spans: [
      { trace: "t", id: "a", links: [{ trace: "u", id: "b" }] },
      { trace: "t", id: "b", parent: "a" },
    ],
    leftOut: ["a: FOLLOWS_FROM b"],
  },
  {
    name: "links that lead nowhere twice stay",
    spans: [
      { trace: "t", id: "a", links: [{ trace: "u", id: "x" }] },
      { trace: "t", id: "b", parent: "a", links: [{ trace: "t", id: "a" }, { trace: "u", id: "y" }] },
      { trace: "t", id: "b", parent: "a", kind: "server", service: "callee" },
    ],
    leftOut: [],
  },
];

describe("a client draws every span", () => {
  it.for(cases)("of $name", ({ spans, leftOut }) => {
    const trace = traceOf(spans);
    expect(drawn(trace.spans)).toHaveLength(spans.length);
    const said = trace.spans.flatMap(({ operationName, warnings }) => (warnings ?? []).map((text) => `${operationName}: ${text}`));
    const named = (text: string) => said.some((one) => one.startsWith(text));
    const inIds = leftOut.map((text) => text.replace(/ (\w)$/, (_, id: string) => ` ${spanIdOf(id)}`));
    expect([said.length, inIds.filter(named)]).toEqual([leftOut.length, inIds]);
  });

  it("whatever leads where, and leaves out no more than it must", () => {
    const ids = ["a", "b", "c", "d", "e"];
    const oneSpan = fc.record({
      id: fc.constantFrom(...ids),
      parent: fc.option(fc.constantFrom(...ids, "missing"), { nil: undefined }),
      links: fc.array(fc.record({ trace: fc.constantFrom("t", "u"), id: fc.constantFrom(...ids) }), { maxLength: 3 }),
      at: fc.nat(20),
    });
    const property = fc.property(fc.array(oneSpan, { maxLength: 12 }), (inputs) => {
      const spans = inputs.map(({ parent, ...rest }): SpanInput => ({ trace: "t", ...rest, ...(parent && { parent }) }));
      const trace = traceOf(spans);
      expect(drawn(trace.spans)).toHaveLength(spans.length);
      const leftOut = trace.spans.flatMap(({ warnings }) => warnings ?? []);
      expect(leftOut.length).toBeLessThanOrEqual(spans.reduce((sum, { links = [] }) => sum + links.length + 1, 0));
      if (inputs.every(({ parent, links }) => parent === undefined && links.length === 0)) expect(leftOut).toEqual([]);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("of 20,000 in one chain, whose begin links to its end", () => {
    const chain = Array.from({ length: 20_000 }, (_, n): SpanInput => {
      const above = n > 0 ? { parent: `n${String(n - 1)}` } : { links: [{ trace: "t", id: "n19999" }] };
      return { trace: "t", id: `n${String(n)}`, ...above };
    });
    const trace = traceOf(chain);
    expect(trace.spans.filter(({ warnings }) => warnings !== null).map(({ operationName }) => operationName)).toEqual(["n0"]);
  });
});
