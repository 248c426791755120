/**
 * What holds for every flow, tried on flows that a model of the transports makes up: the model knows the truth, and
 * the flow is built from nothing but the spans.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Flow, FlowNode, Span } from "../../schema/flow.ts";
import { buildFlow, type BuiltFlow } from "./build-flow.ts";
import { toMs } from "./instant.ts";
import { runModel } from "./flow-model.ts";
import type { ModelInput, ModelOutput, QueueModel, TrueFlow } from "./flow-model-types.ts";

/** Worlds of one to five orders each that every property is tried on. */
const numRuns = 150;
/** For a machine that does other things as well, milliseconds. */
const timeoutMs = 180_000;

const queue: fc.Arbitrary<QueueModel> = fc.record({
  batchSize: fc.constantFrom(1, 1, 2, 3, 10),
  each: fc.boolean(),
  raw: fc.constant(false),
  failing: fc.constantFrom(0, 0, 0.3, 0.7, 1),
  receivesMax: fc.integer({ min: 1, max: 3 }),
  deadLetterReader: fc.constantFrom("none", "takes", "returns for redrive"),
  untold: fc.constantFrom(false, false, false, true),
  duplicates: fc.constantFrom(0, 0, 0.3, 0.8),
  next: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
});

const world: fc.Arbitrary<ModelInput> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  orders: fc.integer({ min: 1, max: 5 }),
  queues: fc.array(queue, { minLength: 3, maxLength: 3 }),
  subscribed: fc.integer({ min: 1, max: 3 }),
  viaTopic: fc.boolean(),
  messagesPerSend: fc.constantFrom(1, 1, 2, 3),
  context: fc.constant(true),
  clockSkewMs: fc.constantFrom(0, 0, 100, 180_000),
});

/** Flows that all properties together are tried on, at least; a world has three orders on average. */
const flowsTriedMin = 3_000;
let flowsTried = 0;

function build(spans: readonly Span[], traceId: string): BuiltFlow {
  flowsTried += 1;
  const built = buildFlow(spans, { traceId });
  if (built === undefined) throw new Error(`no flow of ${traceId}`);
  return built;
}

/** Hops in the terms of the truth: by invocation, as a batch and its records' parts are one run. */
function trueHops(built: BuiltFlow, output: ModelOutput): Set<string> {
  const labelOf = labels(built, output);
  const labelById = new Map(built.flow.nodes.map((node) => [node.id, labelOf(node)]));
  return new Set(
    built.flow.hops.map(({ from, to, kind, messageId }) => {
      return [labelById.get(from), labelById.get(to), kind, messageId].join("|");
    }),
  );
}

/** By the labels of invocations. */
function labels({ spans }: Pick<BuiltFlow, "flow" | "spans">, { invocationOf }: ModelOutput): (node: FlowNode) => string {
  return ({ id, spanIds, spanPositions }) => {
    const position = spanPositions?.[0];
    if (position !== undefined) return instanceOf(spans[position]);
    return invocationOf.get(spanIds[0] ?? "") ?? id;
  };
}

/** What is lost of an instant as a double, milliseconds. */
const CLOCK_STEP_MS = 0.01;

/** All that the model knows of an order is what its flow says, and the path that ends last is one that was gone. */
function expectTrue(built: BuiltFlow, { truth, output }: { truth: TrueFlow; output: ModelOutput }): void {
  const { flow } = built;
  expect(trueHops(built, output)).toEqual(truth.hops);
  expect(idsOf(built.spans)).toEqual(truth.spans);
  const labelOf = labels(built, output);
  const labelById = new Map(flow.nodes.map((node) => [node.id, labelOf(node)]));
  const received = flow.hops.filter(({ kind }) => kind === "receive");
  const attempts = received.map(({ to, messageId, attempt, failed = false }) => {
    return [labelById.get(to), messageId, attempt, failed].join("|");
  });
  expect(new Set(attempts)).toEqual(truth.attempts);
  expect(gapsOf(flow, "not-received")).toEqual(truth.lost);
  expect(gapsOf(flow, "waiting-for-retry")).toEqual(truth.waiting);
  expect(gapsOf(flow, "missing-parent").size).toBe(0);
  expect(flow.status === "error").toBe(truth.failed);
  for (const node of flow.nodes) {
    const size = output.batchSizeOf.get(labelOf(node)) ?? 1;
    expect(node.batch?.size ?? 1).toBe(size);
  }
  for (const { from, to } of built.joins) {
    expect(toMs(to.startTime)).toBeGreaterThanOrEqual(toMs(from.startTime) - CLOCK_STEP_MS);
  }
  expectPath(flow);
}

/** From the first request along hops to what ended last. */
function expectPath({ criticalPath, hops, nodes, roots }: Flow): void {
  expect(roots).toContain(criticalPath[0]);
  const ways = new Set(hops.map(({ from, to }) => `${from} ${to}`));
  for (const [at, to] of criticalPath.entries()) if (at > 0) expect(ways).toContain(`${criticalPath[at - 1] ?? ""} ${to}`);
  const endMs = ({ startTime, durationMs }: FlowNode) => toMs(startTime) + durationMs;
  const last = nodes.find(({ id }) => id === criticalPath.at(-1));
  const code = nodes.filter(({ spanIds }) => spanIds.length > 0);
  expect(last && endMs(last)).toBe(Math.max(...code.map(endMs)));
}

function gapsOf({ gaps }: Flow, kind: Flow["gaps"][number]["kind"]): Set<string> {
  return new Set(gaps.filter((gap) => gap.kind === kind).map(({ messageId = "" }) => messageId));
}

const idsOf = (spans: readonly Span[]) => new Set(spans.map(({ traceId, spanId }) => traceId + spanId));

describe(`of ${String(numRuns)} worlds of up to five orders`, { timeout: timeoutMs }, () => {
  it("every order's flow is exactly what happened to it", () => {
    fc.assert(
      fc.property(world, (input) => {
        const output = runModel(input);
        for (const truth of output.flows) {
          expectTrue(build(output.spans, truth.traceId), { truth, output });
        }
      }),
      { numRuns },
    );
  });

  it("raw delivery, which loses the topic's id, changes nothing where the context came through", () => {
    const rawWorld = world.map((input) => ({ ...input, queues: input.queues.map((each) => ({ ...each, raw: true })) }));
    fc.assert(
      fc.property(rawWorld, (input) => {
        const output = runModel(input);
        for (const truth of output.flows) {
          const hops = trueHops(build(output.spans, truth.traceId), output);
          // Of several messages in one call, nothing says which of them came to a raw queue under which id.
          const told = (of: Set<string>) => (input.messagesPerSend === 1 ? of : withoutSentIds(of));
          expect(told(hops)).toEqual(told(truth.hops));
        }
      }),
      { numRuns },
    );
  });

  it("the order of arrival and doubled spans change nothing", () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (input, stream) => {
        const { spans, flows } = runModel(input);
        const random = () => stream.next().value ?? 0;
        const shuffled = [...spans, ...spans.filter(() => random() < 0.3)]
          .map((span) => ({ span, at: random() }))
          .sort((a, b) => a.at - b.at)
          .map(({ span }) => structuredClone(span));
        for (const { traceId } of flows) expect(build(shuffled, traceId)).toEqual(build(spans, traceId));
      }),
      { numRuns: numRuns / 3 },
    );
  });

  it("without any trace context the same hops are joined by identity", () => {
    fc.assert(
      fc.property(world, (input) => {
        const stripped = runModel({ ...input, context: false });
        for (const truth of stripped.flows) {
          const built = build(stripped.spans, truth.traceId);
          expectTrue(built, { truth, output: stripped });
          const joined = built.flow.hops.filter(({ kind }) => kind === "receive").map(({ joinedBy }) => joinedBy);
          expect(new Set(joined).size > 0 ? [...new Set(joined)] : ["identity"]).toEqual(["identity"]);
        }
      }),
      { numRuns },
    );
  });

  it("is the same from each of its traces, and a batch of several orders merges none of them", () => {
    fc.assert(
      fc.property(world, fc.boolean(), (input, context) => {
        const output = runModel({ ...input, context });
        for (const traceId of new Set(output.spans.map((span) => span.traceId))) {
          const own = output.flows.filter(({ spans }) => [...spans].some((ids) => ids.startsWith(traceId)));
          const [truth, other] = own;
          const built = build(output.spans, traceId);
          if (truth && other === undefined) {
            expect(built.flow.id).toBe(truth.traceId);
            expect(idsOf(built.spans)).toEqual(truth.spans);
            continue;
          }
          const known = new Set(own.flatMap(({ spans }) => [...spans]));
          for (const id of idsOf(built.spans)) expect(known).toContain(id);
          expect(built.spans.filter(({ kind }) => kind === "server")).toEqual([]);
        }
      }),
      { numRuns: numRuns / 3 },
    );
  });

  it("the attempts of a message stay together where whoever sent it says nothing", () => {
    fc.assert(
      fc.property(world, (input) => {
        const output = runModel({ ...input, context: false });
        const taken = output.spans.filter(({ kind }) => kind !== "producer");
        for (const { attributes, traceId } of taken) {
          const id = attributes["messaging.message.id"];
          if (typeof id !== "string") continue;
          const all = new Set(output.flows.flatMap(({ attempts }) => [...attempts]).filter((attempt) => attempt.includes(`|${id}|`)));
          const { flow } = build(taken, traceId);
          const labelOf = labels({ flow, spans: taken }, output);
          const runs = new Set(flow.hops.flatMap((hop) => (hop.kind === "receive" && hop.messageId === id ? [hop.to] : [])));
          const shown = flow.nodes.filter((node) => runs.has(node.id)).map(labelOf);
          expect(new Set(shown)).toEqual(new Set([...all].map((attempt) => attempt.slice(0, attempt.indexOf("|")))));
        }
      }),
      { numRuns: numRuns / 10 },
    );
  });

  it("span ids that begin anew in every trace change nothing but ids", () => {
    fc.assert(
      fc.property(world, fc.boolean(), (input, context) => {
        const output = runModel({ ...input, context });
        const { spans, idsOfSent } = withIdsPerTrace(output.spans);
        for (const truth of output.flows) {
          const built = build(spans, truth.traceId);
          expect(trueHops(built, { ...output, invocationOf: invocationsById(built.spans) })).toEqual(truth.hops);
          expect(idsOf(built.spans)).toEqual(new Set([...truth.spans].map((ids) => idsOfSent.get(ids))));
          expect(new Set(built.flow.nodes.map(({ id }) => id)).size).toBe(built.flow.nodes.length);
          const inNodes = built.flow.nodes.flatMap(({ spanPositions, spanIds }) => {
            return spanPositions ?? spanIds.map((id) => built.spans.findIndex(({ spanId }) => spanId === id));
          });
          expect(new Set(inNodes).size).toBe(built.spans.length);
        }
      }),
      { numRuns: numRuns / 3 },
    );
  });

  it("spans that were made each other's parents are all there, in the same order of arrival or another", () => {
    const broken = fc.tuple(world, fc.double({ min: 0.05, max: 0.6, noNaN: true }), fc.integer());
    fc.assert(
      fc.property(broken, ([input, share, salt]) => {
        const { spans, flows } = runModel(input);
        const circular = withCircles(spans, (id) => hash(id, salt) < share);
        for (const { traceId } of flows) {
          const built = build(circular, traceId);
          const shown = idsOf(built.spans);
          for (const span of circular) if (span.traceId === traceId) expect(shown).toContain(traceId + span.spanId);
          expect(build(circular.toReversed(), traceId)).toEqual(built);
        }
      }),
      { numRuns: numRuns / 3 },
    );
  });

  it.for([["context"], ["identity alone"]])(
    "losing spans invents no hop and hides no span that is there, joined by %s",
    ([joined]) => {
      const lossy = fc.tuple(world, fc.double({ min: 0.05, max: 0.9, noNaN: true }), fc.integer());
      fc.assert(
        fc.property(lossy, ([input, share, salt]) => {
          const output = runModel({ ...input, context: joined === "context" });
          const left = output.spans.filter((span) => hash(span.spanId, salt) > share);
          for (const truth of output.flows) {
            if (!left.some(({ traceId }) => traceId === truth.traceId)) continue;
            const built = build(left, truth.traceId);
            const shown = idsOf(built.spans);
            for (const hop of trueHops(built, output)) expect(truth.hops).toContain(hop);
            for (const id of shown) expect(truth.spans).toContain(id);
            for (const { traceId, spanId } of left)
              if (traceId === truth.traceId) expect(shown).toContain(traceId + spanId);
            const inNodes = new Set(built.flow.nodes.flatMap(({ spanIds }) => spanIds));
            for (const { spanId } of built.spans) expect(inNodes).toContain(spanId);
          }
        }),
        { numRuns },
      );
    },
  );
});

it(`was tried on ${String(flowsTriedMin)} flows and more`, () => {
  expect(flowsTried).toBeGreaterThan(flowsTriedMin);
});

function withoutSentIds(hops: ReadonlySet<string>): Set<string> {
  return new Set([...hops].map((hop) => (hop.includes("|publish|") ? hop.slice(0, hop.lastIndexOf("|")) : hop)));
}

/** 0 to 1, by the id: the same spans are lost in whatever order they come. */
function hash(id: string, salt: number): number {
  let value = salt >>> 0;
  for (const char of id) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193) >>> 0;
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0;
  return ((value ^ (value >>> 13)) >>> 0) / 2 ** 32;
}

/** The same spans with ids that count from 1 in each trace, and what each of `traceId + spanId` became. */
function withIdsPerTrace(sent: readonly Span[]): { spans: Span[]; idsOfSent: Map<string, string> } {
  const counts = new Map<string, number>();
  const ids = new Map<string, string>();
  for (const { traceId, spanId } of sent) {
    const count = (counts.get(traceId) ?? 0) + 1;
    counts.set(traceId, count);
    ids.set(traceId + spanId, count.toString(16).padStart(16, "0"));
  }
  const idOf = (traceId: string, spanId: string) => ids.get(traceId + spanId) ?? spanId;
  const spans = sent.map((span): Span => {
    const { traceId, parentSpanId, links } = span;
    const parent = parentSpanId === undefined ? {} : { parentSpanId: idOf(traceId, parentSpanId) };
    const linked = links.map((link) => ({ ...link, spanId: idOf(link.traceId, link.spanId) }));
    return { ...span, spanId: idOf(traceId, span.spanId), ...parent, links: linked };
  });
  const idsOfSent = new Map([...ids].map(([key, id]) => [key, key.slice(0, 32) + id]));
  return { spans, idsOfSent };
}

/** By their spans, of ids that are there once. */
function invocationsById(spans: readonly Span[]): Map<string, string> {
  return new Map(spans.map((span) => [span.spanId, instanceOf(span)]));
}

function instanceOf(span: Span | undefined): string {
  const label = span?.resource["service.instance.id"];
  return typeof label === "string" ? label : "";
}

/** Some spans become children of a child of theirs. */
function withCircles(spans: readonly Span[], isChosen: (spanId: string) => boolean): Span[] {
  const childOf = new Map(spans.map((span) => [span.traceId + (span.parentSpanId ?? ""), span]));
  return spans.map((span) => {
    const child = isChosen(span.spanId) ? childOf.get(span.traceId + span.spanId) : undefined;
    return child ? { ...span, parentSpanId: child.spanId } : span;
  });
}
