/** The closure asks for all of a flow and for nothing of the flows beside it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Hop, Span } from "../../schema/flow.ts";
import { buildFlow } from "../flow/build-flow.ts";
import { runModel } from "../flow/flow-model.ts";
import type { ModelInput } from "../flow/flow-model-types.ts";
import { toMs } from "../flow/instant.ts";
import { contentMd5s, messageKeys } from "../flow/message.ts";
import { span, TEST_EPOCH_MS, traceIdOf, type SpanInput } from "../flow/test-spans.ts";
import { readFlows, readToAssemble } from "./flow-reader.ts";
import type { FlowSource } from "./flow-source.ts";

interface CountingSource extends FlowSource {
  /** Spans that were handed out. */
  spansRead: number;
}

const foretells = ["all", "some", "none"] as const;

/** What the store answers, from spans in memory; `foretold`: of a trace's keys, before they are asked for. */
function memorySource(spans: readonly Span[], foretold: (typeof foretells)[number] = "all"): CountingSource {
  const byTrace = new Map<string, Span[]>();
  const byKey = new Map<string, Set<string>>();
  const keysOf = new Map<string, Set<string>>();
  const addKey = (key: string, traceId: string) => {
    byKey.set(key, (byKey.get(key) ?? new Set()).add(traceId));
    keysOf.set(traceId, (keysOf.get(traceId) ?? new Set([traceId])).add(key));
  };
  for (const each of spans) {
    byTrace.set(each.traceId, [...(byTrace.get(each.traceId) ?? []), each]);
    for (const link of each.links) addKey(link.traceId, each.traceId);
    for (const { attributes } of [each, ...each.links, ...each.events]) {
      for (const key of messageKeys(attributes, each.attributes)) addKey(key, each.traceId);
      for (const md5 of contentMd5s(attributes)) addKey(`body_md5:${md5}`, each.traceId);
    }
  }
  return {
    spansRead: 0,
    spansOfTraces({ traceIds, limit }) {
      const found = traceIds.flatMap((traceId) => byTrace.get(traceId) ?? []).slice(0, limit);
      this.spansRead += found.length;
      return Promise.resolve(found);
    },
    tracesOfHopKeys({ linkedTraceIds, messageKeys: keys, timedKeys, limit }) {
      const answers = [...linkedTraceIds, ...keys].flatMap((asked) =>
        [...(byKey.get(asked) ?? [])].map((traceId) => ({ asked, traceId })),
      );
      const timed = (timedKeys?.keys ?? []).flatMap(({ id: asked, key, fromMs, toMs: untilMs }) =>
        [...(byKey.get(key) ?? [])]
          .map((traceId) => ({ asked, traceId, startMs: toMs(byTrace.get(traceId)?.[0]?.startTime ?? "") }))
          .filter(({ startMs }) => startMs >= fromMs && startMs <= untilMs)
          .sort((a, b) => a.startMs - b.startMs)
          .slice(0, timedKeys?.limitEach),
      );
      return Promise.resolve([...answers.slice(0, limit), ...timed]);
    },
    hopsOfTraces({ traceIds }) {
      const keys = traceIds.flatMap((traceId) => [...(keysOf.get(traceId) ?? [])]);
      const asked = new Set(keys.filter((_, at) => foretold === "all" || (foretold === "some" && at % 2 === 0)));
      const answers = [...asked].flatMap((key) => {
        return [...(byKey.get(key) ?? [])].map((traceId) => ({ asked: key, traceId }));
      });
      return Promise.resolve({ asked, answers });
    },
    linksToTraces({ traceIds }) {
      const asked = new Set(traceIds.filter((_, at) => foretold === "all" || (foretold === "some" && at % 2 === 1)));
      const answers = [...asked].flatMap((id) => [...(byKey.get(id) ?? [])].map((traceId) => ({ asked: id, traceId })));
      return Promise.resolve({ asked, answers });
    },
  };
}

const world: fc.Arbitrary<ModelInput> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  orders: fc.integer({ min: 1, max: 5 }),
  queues: fc.array(
    fc.record({
      batchSize: fc.constantFrom(1, 2, 10),
      each: fc.boolean(),
      raw: fc.constant(false),
      failing: fc.constantFrom(0, 0.5, 1),
      untold: fc.constantFrom(false, false, true),
      duplicates: fc.constantFrom(0, 0.3),
      receivesMax: fc.integer({ min: 1, max: 2 }),
      deadLetterReader: fc.constantFrom("none" as const, "takes" as const, "returns for redrive" as const),
      next: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }),
    }),
    { minLength: 2, maxLength: 2 },
  ),
  subscribed: fc.integer({ min: 1, max: 2 }),
  viaTopic: fc.boolean(),
  messagesPerSend: fc.constantFrom(1, 1, 3),
  context: fc.boolean(),
  clockSkewMs: fc.constant(0),
});

describe("reading flows", () => {
  const timeout = 60_000;
  it.for(foretells)("gives what all spans of the world would give, with %s of its keys foretold", { timeout }, async (foretold) => {
    const property = fc.asyncProperty(world, async (input) => {
      const { spans, flows } = runModel(input);
      const traceIds = flows.map(({ traceId }) => traceId);
      const read = await readFlows(memorySource(spans, foretold), { traceIds });
      expect(read).toEqual(traceIds.map((traceId) => buildFlow(spans, { traceId })));
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it.for(foretells)("gives the same one by one, with %s of its keys foretold", async (foretold) => {
    const property = fc.asyncProperty(world, async (input) => {
      const { spans, flows } = runModel(input);
      for (const { traceId } of flows) {
        const [read] = await readFlows(memorySource(spans, foretold), { traceIds: [traceId] });
        expect(read).toEqual(buildFlow(spans, { traceId }));
      }
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it("gives the same where flows begin, and reads no further what others caused", { timeout: 60_000 }, async () => {
    const flowsIn = async (source: FlowSource, traceIds: string[], isBeginningAsked: boolean) => {
      const reads = await readToAssemble(source, { traceIds, isBeginningAsked });
      const built = traceIds.map((id, at) => (reads[at]?.beginsIn(id) ? reads[at].assemble() : undefined));
      return built.map((each) => (each?.beginsHere ? each.flow : undefined));
    };
    let [spansOfAll, spansOfBeginnings] = [0, 0];
    const property = fc.asyncProperty(world, async (input) => {
      const { spans } = runModel(input);
      // As a list asks: the newest first; and each alone, as the others may be of another page.
      const traceIds = [...new Set(spans.map(({ traceId }) => traceId))].reverse();
      const [all, beginnings] = [memorySource(spans), memorySource(spans)];
      for (const asked of [traceIds, ...traceIds.slice(0, 8).map((traceId) => [traceId])]) {
        expect(await flowsIn(beginnings, asked, true)).toEqual(await flowsIn(all, asked, false));
      }
      spansOfAll += all.spansRead;
      spansOfBeginnings += beginnings.spansRead;
    });
    await fc.assert(property, { numRuns: 40 });
    expect(spansOfBeginnings).toBeLessThan(spansOfAll);
  });

  it("takes a request that waits for the answer of another trace for the begin of a flow", async () => {
    const message = (id: string) => ({ "messaging.system": "aws_sqs", "messaging.message.id": id });
    const asks: SpanInput[] = [
      { trace: "a", id: "api", kind: "server", service: "api", ms: 50 },
      { trace: "a", id: "ask", parent: "api", kind: "producer", service: "api", at: 5, attributes: message("m1") },
      { trace: "a", id: "hear", parent: "api", kind: "consumer", service: "api", at: 30, attributes: message("m2") },
    ];
    const answers: SpanInput[] = [
      { trace: "b", id: "work", kind: "consumer", service: "worker", at: 10, ms: 20, attributes: message("m1") },
      { trace: "b", id: "tell", parent: "work", kind: "producer", service: "worker", at: 25, attributes: message("m2") },
    ];
    const source = memorySource([...asks, ...answers].map(span));
    const traceIds = ["b", "a"].map(traceIdOf);
    const reads = await readToAssemble(source, { traceIds, isBeginningAsked: true });
    const begun = traceIds.filter((id, at) => reads[at]?.beginsIn(id) && reads[at].assemble()?.beginsHere);
    expect(begun).toEqual([traceIdOf("a")]);
  });

  it("ends within whatever bounds, says which one cut it, and shows nothing that the whole flow has not", async () => {
    const tried = { whole: 0, cut: 0 };
    const bounds = fc.record({
      spans: fc.integer({ min: 1, max: 60 }),
      traces: fc.integer({ min: 1, max: 12 }),
      rounds: fc.integer({ min: 1, max: 6 }),
    });
    const property = fc.asyncProperty(world, bounds, async (input, limits) => {
      const { spans, flows } = runModel(input);
      for (const { traceId } of flows) {
        const source = memorySource(spans, "none");
        const traceIds = [traceId];
        const [[built], [whole]] = await Promise.all([
          readFlows(source, { traceIds, limits }),
          readFlows(memorySource(spans), { traceIds }),
        ]);
        if (!built || !whole) expect.fail("no flow");
        const { truncated } = built.flow;
        expect(source.spansRead).toBeLessThanOrEqual((limits.spans + 1) * limits.rounds);
        tried[truncated ? "cut" : "whole"] += 1;
        if (truncated) expect(truncated.value).toBe(limits[truncated.limit as keyof typeof limits]);
        else expect(built).toEqual(whole);
        const known = new Set(whole.recorded);
        for (const each of built.recorded) expect(known).toContain(each);
        const told = ({ kind, messageId }: Hop) => `${kind} ${messageId ?? ""}`;
        const hops = new Set(whole.flow.hops.map(told));
        for (const hop of built.flow.hops) expect(hops).toContain(told(hop));
      }
    });
    await fc.assert(property, { numRuns: 100 });
    expect(Math.min(tried.whole, tried.cut)).toBeGreaterThan(15);
  });

  it("ends where every order leads to another one, and says which bound cut it", async () => {
    const chain = Array.from({ length: 100 }, (_, at): SpanInput[] => [
      {
        trace: `t${String(at)}`,
        id: `c${String(at)}`,
        kind: "consumer",
        at: at * 10,
        ...(at > 0 && { links: [{ trace: `t${String(at - 1)}`, id: `p${String(at - 1)}` }] }),
      },
      { trace: `t${String(at)}`, id: `p${String(at)}`, parent: `c${String(at)}`, kind: "producer", at: at * 10 },
    ]).flat();
    const source = memorySource(chain.map(span));
    const limits = { spans: 1000, traces: 1000, rounds: 10 };
    const [cut] = await readFlows(source, { traceIds: [traceIdOf("t0")], limits });
    expect(cut?.flow.truncated).toEqual({ limit: "rounds", value: 10 });
    const [few] = await readFlows(source, {
      traceIds: [traceIdOf("t0")],
      limits: { ...limits, traces: 5, rounds: 50 },
    });
    expect(few?.flow).toMatchObject({ truncated: { limit: "traces", value: 5 } });
    const [small] = await readFlows(source, {
      traceIds: [traceIdOf("t0")],
      limits: { ...limits, spans: 7, rounds: 50 },
    });
    expect(small?.flow).toMatchObject({ truncated: { limit: "spans", value: 7 } });
  });
});

describe("messages of which only the body crossed", () => {
  const minuteMs = 60_000;
  const keysOf = (id: string) => ({ "hopscope.message.keys": [id, "body_md5:b"], "hopscope.message.body_md5": "b" });

  function order(name: string, at: number): SpanInput[] {
    const sent = {
      "messaging.system": "aws.sns",
      "messaging.operation.type": "send",
      "messaging.destination.name": "orders",
      ...keysOf(`aws.sns:${name}`),
    };
    const taken = {
      "messaging.system": "aws_sqs",
      "messaging.destination.name": "bills",
      "hopscope.message.sent_ms": TEST_EPOCH_MS + at + 12,
      ...keysOf(`aws_sqs:${name}`),
    };
    return [
      { trace: `p${name}`, id: `p${name}`, kind: "producer", at, attributes: sent },
      { trace: `c${name}`, id: `c${name}`, kind: "consumer", at: at + 20, attributes: taken },
    ];
  }

  it.for([
    ["one every minute finds its own other side", minuteMs, 30, true],
    ["ten in a minute are told apart by nobody", minuteMs / 10, 30, false],
    ["more than are looked at are left alone", 1, 200, false],
  ] as const)("%s", async ([, apartMs, count, isJoined]) => {
    const spans = Array.from({ length: count }, (_, at) => order(String(at), at * apartMs)).flat();
    const source = memorySource(spans.map(span));
    for (const side of ["p", "c"]) {
      const [built] = await readFlows(source, { traceIds: [traceIdOf(`${side}17`)] });
      const receives = built?.flow.hops.filter(({ kind, joinedBy }) => kind === "receive" && joinedBy === "content");
      expect(receives).toHaveLength(isJoined ? 1 : 0);
      expect(built?.flow.gaps.map(({ message }) => /same body/.test(message))).toEqual(isJoined ? [] : [true]);
      expect(built?.flow.truncated).toBeUndefined();
    }
    expect(source.spansRead).toBeLessThan(600);
  });
});

describe("10,000 orders through batches of ten", () => {
  const orders = 10_000;
  const batchSize = 10;
  const key = (order: number) => ({
    "messaging.system": "aws_sqs",
    "messaging.destination.name": "orders",
    "messaging.message.id": `m${String(order)}`,
  });

  /** Each order is a request and a message; ten of them meet in one invocation, with or without a span a record. */
  function spansOf({ each, context }: { each: boolean; context: boolean }): Span[] {
    const inputs: SpanInput[] = [];
    for (let order = 0; order < orders; order += 1) {
      const [trace, batch] = [`o${String(order)}`, `b${String(Math.floor(order / batchSize))}`];
      inputs.push({ trace, id: `a${String(order)}`, kind: "server", service: "api", at: order });
      inputs.push({
        trace,
        id: `p${String(order)}`,
        parent: `a${String(order)}`,
        kind: "producer",
        service: "api",
        at: order,
        attributes: key(order),
      });
      if (!each) continue;
      const own = context ? { trace, parent: `p${String(order)}` } : { trace: `r${String(order)}` };
      inputs.push({
        ...own,
        id: `c${String(order)}`,
        kind: "consumer",
        service: "worker",
        at: order + 100,
        attributes: key(order),
        links: [{ trace: batch, id: batch }],
      });
    }
    for (let first = 0; first < orders; first += batchSize) {
      const batch = `b${String(first / batchSize)}`;
      const members = Array.from({ length: batchSize }, (_, at) => first + at);
      const records = context
        ? {
            links: members.map((order) => ({
              trace: `o${String(order)}`,
              id: `p${String(order)}`,
              attributes: key(order),
            })),
          }
        : { events: members.map((order) => ({ name: "hopscope.message", attributes: key(order) })) };
      const attributes = {
        "messaging.batch.message_count": batchSize,
        "messaging.system": "aws_sqs",
        "messaging.destination.name": "orders",
      };
      inputs.push({
        trace: batch,
        id: batch,
        kind: "consumer",
        service: "worker",
        at: first + 90,
        attributes,
        ...records,
      });
    }
    return inputs.map(span);
  }

  it.for([
    { each: true, context: true, spans: 4 },
    { each: false, context: false, spans: 3 },
  ])("stay 10,000 flows: %o", { timeout: 120_000 }, async ({ each, context, spans }) => {
    const source = memorySource(spansOf({ each, context }));
    const pageSize = 200;
    for (let first = 0; first < orders; first += pageSize) {
      const traceIds = Array.from({ length: pageSize }, (_, at) => traceIdOf(`o${String(first + at)}`));
      const read = await readFlows(source, { traceIds });
      for (const [at, built] of read.entries()) {
        const { flow } = built ?? expect.fail("no flow");
        expect([flow.id, flow.stats.spans, flow.stats.invocations]).toEqual([traceIds[at], spans, 1]);
        expect(flow.nodes.find(({ kind }) => kind === "invocation")?.batch?.size).toBe(batchSize);
        expect(flow.hops.map(({ kind, messageId }) => [kind, messageId])).toEqual([
          ["publish", `m${String(first + at)}`],
          ["receive", `m${String(first + at)}`],
        ]);
      }
    }
    // Each batch is read once for the page whose orders it met, and nothing else beside the orders' own spans.
    expect(source.spansRead).toBe((each ? 3 : 2) * orders + orders / batchSize);
  });
});
