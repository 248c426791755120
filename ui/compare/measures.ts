/** The numbers of two sides, as the tables show them. */
import type { FlowCompareResponse, FlowSummary } from "@hopscope/schema/api";
import { flowListPath } from "../route/view.ts";
import { plural } from "../shared/format.ts";
import type { Work } from "./compare-model.ts";
import type { Measure, Unit } from "./measure-table.tsx";
import type { Stretch } from "./value-link.ts";

const FLOW_MEASURES: [name: string, unit: Unit, read: (flow: FlowSummary) => number][] = [
  ["Duration", "ms", (flow) => flow.durationMs],
  ["Time in queues", "ms", (flow) => flow.stats.queueMs],
  ["Time of code", "ms", (flow) => flow.stats.busyMs],
  ["Spans", "count", (flow) => flow.stats.spans],
  ["Invocations", "count", (flow) => flow.stats.invocations],
  ["Errors", "count", (flow) => flow.stats.errors],
  ["Retries", "count", (flow) => flow.stats.retries],
  ["Cold starts", "count", (flow) => flow.stats.coldStarts],
  ["Dead letters", "count", (flow) => flow.stats.deadLetters],
];

/** Returns the numbers of two flows as wholes. */
export function flowMeasures({ flow, other }: FlowCompareResponse): Measure[] {
  return FLOW_MEASURES.map(([name, unit, read]) => ({ name, unit, one: read(flow), other: read(other) }));
}

/** Returns how long each function, request, queue and peer took in both flows, and how often where that differs. */
export function stepMeasures({ steps }: FlowCompareResponse): Measure[] {
  return steps.map(({ kind, name, service, flow, other }) => {
    const times = [flow?.count, other?.count].map((count) => count ?? 0);
    const runs = times[0] === times[1] ? [] : [times.map((count) => `${String(count)}×`).join(" and ")];
    const cold = [flow, other].some((step) => (step?.coldStarts ?? 0) > 0) ? ["cold"] : [];
    const failed = [flow, other].reduce((sum, step) => sum + (step?.errors ?? 0), 0);
    const words = [service === name ? kind : `${kind} on ${service}`, ...runs, ...cold];
    return {
      name,
      note: [...words, ...(failed > 0 ? [plural(failed, "error")] : [])].join(", "),
      unit: "ms",
      one: flow?.durationMs,
      other: other?.durationMs,
    };
  });
}

/** Returns how long messages waited between the steps of both flows. */
export function waitMeasures({ hops }: FlowCompareResponse): Measure[] {
  return hops
    .filter(({ kind, flow, other }) => kind === "receive" || !flow || !other)
    .map(({ kind, from, to, flow, other }) => {
      const attempts = Math.max(flow?.attempts ?? 1, other?.attempts ?? 1);
      const tried = attempts > 1 ? `, up to ${String(attempts)} attempts` : "";
      return {
        name: `${from} → ${to}`,
        note: `${kind === "receive" ? "waited" : kind}${tried}`,
        unit: "ms",
        one: flow?.queueMs,
        other: other?.queueMs,
      };
    });
}

/** Returns what each function and queue did in both stretches of time. */
export function workMeasures(now: Work, before: Work, stretch: Stretch): Measure[] {
  const functions = paired(now.functions, before.functions, ({ service, name }) => `${service}/${name}`);
  const queues = paired(now.queues, before.queues, ({ system, name }) => `${system}/${name}`);
  return [
    ...functions.flatMap(([one, other]) => {
      const name = (one ?? other)?.name ?? "";
      const href = flowListPath({ function: name, ...stretch });
      return [
        { name, note: "p95 duration", href, unit: "ms", one: one?.durationMs.p95, other: other?.durationMs.p95 },
        { name, note: "error rate", href, unit: "rate", one: one?.errorRate, other: other?.errorRate },
        { name, note: "invocations", href, unit: "count", one: one?.invocations, other: other?.invocations },
      ] satisfies Measure[];
    }),
    ...queues.map(([one, other]): Measure => {
      const name = (one ?? other)?.name ?? "";
      const href = flowListPath({ destination: name, ...stretch });
      return { name, note: "p95 wait", href, unit: "ms", one: one?.waitMs?.p95, other: other?.waitMs?.p95 };
    }),
  ];
}

type Pair<Item> = [Item | undefined, Item | undefined];

function paired<Item>(one: Item[], other: Item[], keyOf: (item: Item) => string): Pair<Item>[] {
  const mine = new Map(one.map((item) => [keyOf(item), item]));
  const its = new Map(other.map((item) => [keyOf(item), item]));
  return [...new Set([...mine.keys(), ...its.keys()])].map((key) => [mine.get(key), its.get(key)]);
}
