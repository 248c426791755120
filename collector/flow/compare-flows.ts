/** Two flows side by side: which steps and hops only one of them has, how long each took, what their spans say. */
import type { Attributes, Flow, FlowNode, Hop, Span } from "../../schema/flow.ts";

/** What a flow has of one step; see the API's contract. */
export interface ComparedStep {
  readonly count: number;
  readonly errors: number;
  readonly coldStarts: number;
  readonly retries: number;
  /** Sum and greatest, milliseconds. */
  readonly durationMs: number;
  readonly maxMs: number;
}

/**
 * What a flow has of one way between two steps: hops, failed ones, the highest attempt, and the sum of waiting,
 * milliseconds.
 */
export interface ComparedHop {
  readonly count: number;
  readonly failed: number;
  readonly attempts: number;
  readonly queueMs: number;
}

interface Both<Value> {
  readonly flow: Value | null;
  readonly other: Value | null;
}

/** A step by kind, name and service: what each flow has of it, null where it has none. */
export type StepComparison = Pick<FlowNode, "kind" | "name" | "service"> & Both<ComparedStep>;
/** A way by the names of its ends: what each flow has of it, null where it has none. */
export type HopComparison = Pick<Hop, "kind" | "from" | "to"> & Both<ComparedHop>;

/** How usual an attribute's value is in the spans of either flow. */
export interface AttributeComparison {
  readonly key: string;
  readonly value: string;
  /** Of the spans of the first flow, 0 to 1. */
  readonly share: number;
  readonly otherShare: number;
}

/** A flow and its spans. */
export interface Comparable {
  readonly flow: Flow;
  readonly spans: readonly Span[];
}

/** The steps of both flows, those of the first in its order, then what only the other one has. */
export function compareSteps(one: Flow, other: Flow): StepComparison[] {
  const keyOf = ({ kind, name, service }: FlowNode) => JSON.stringify([kind, name, service]);
  return paired(grouped(one.nodes, keyOf), grouped(other.nodes, keyOf)).map(([any, mine, its]) => {
    const [{ kind, name, service }] = any;
    return { kind, name, service, flow: mine ? stepOf(mine) : null, other: its ? stepOf(its) : null };
  });
}

function stepOf(nodes: readonly FlowNode[]): ComparedStep {
  return {
    count: nodes.length,
    errors: nodes.filter(({ status }) => status === "error").length,
    coldStarts: nodes.filter(({ coldStart }) => coldStart).length,
    retries: nodes.filter(({ attempt = 1 }) => attempt > 1).length,
    durationMs: sum(nodes.map(({ durationMs }) => durationMs)),
    maxMs: nodes.reduce((longest, { durationMs }) => Math.max(longest, durationMs), 0),
  };
}

/** The ways between steps of both flows, by the names of their ends. */
export function compareHops(one: Flow, other: Flow): HopComparison[] {
  const named = ({ nodes, hops }: Flow) => {
    const nameOf = new Map(nodes.map(({ id, name }) => [id, name]));
    return hops.map((hop) => ({ ...hop, from: nameOf.get(hop.from) ?? hop.from, to: nameOf.get(hop.to) ?? hop.to }));
  };
  const keyOf = ({ kind, from, to }: Hop) => JSON.stringify([kind, from, to]);
  return paired(grouped(named(one), keyOf), grouped(named(other), keyOf)).map(([any, mine, its]) => {
    const [{ kind, from, to }] = any;
    return { kind, from, to, flow: mine ? hopOf(mine) : null, other: its ? hopOf(its) : null };
  });
}

function hopOf(hops: readonly Hop[]): ComparedHop {
  return {
    count: hops.length,
    failed: hops.filter(({ failed }) => failed).length,
    attempts: hops.reduce((most, { attempt = 1 }) => Math.max(most, attempt), 1),
    queueMs: sum(hops.map(({ queueWaitMs = 0 }) => queueWaitMs)),
  };
}

/** Longer texts are ids and payloads: they differ between any two flows and say nothing. */
const VALUE_LENGTH_MAX = 100;

/** Values whose share of the spans differs between the flows, the most first, at most `limit`. */
export function compareAttributes(one: Comparable, other: Comparable, limit: number): AttributeComparison[] {
  const [shares, otherShares] = [sharesOf(one.spans), sharesOf(other.spans)];
  const keys = new Set([...shares.keys(), ...otherShares.keys()]);
  const compared = [...keys].map((pair) => {
    const [key, value] = JSON.parse(pair) as [string, string];
    return { key, value, share: shares.get(pair) ?? 0, otherShare: otherShares.get(pair) ?? 0, pair };
  });
  const difference = ({ share, otherShare }: AttributeComparison) => Math.abs(share - otherShare);
  return compared
    .filter((each) => difference(each) > 0)
    .sort((a, b) => difference(b) - difference(a) || (a.pair < b.pair ? -1 : 1))
    .slice(0, limit)
    .map(({ pair: _pair, ...each }) => each);
}

function sharesOf(spans: readonly Span[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { name, status, attributes, resource } of spans) {
    const pairs = new Set([...pairsOf({ name, status }), ...pairsOf(attributes), ...pairsOf(resource)]);
    for (const pair of pairs) shares.set(pair, (shares.get(pair) ?? 0) + 1 / spans.length);
  }
  return shares;
}

function pairsOf(attributes: Attributes): string[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    if (value === null || typeof value === "object" || String(value).length > VALUE_LENGTH_MAX) return [];
    return [JSON.stringify([key, String(value)])];
  });
}

/** A list that is not empty. */
type Some<Item> = [Item, ...Item[]];

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Some<Item>> {
  const groups = new Map<string, Some<Item>>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** The groups of both by key: one that is there, that of the first, that of the other. */
function paired<Item>(
  one: ReadonlyMap<string, Some<Item>>,
  other: ReadonlyMap<string, Some<Item>>,
): [Some<Item>, Some<Item> | undefined, Some<Item> | undefined][] {
  const mine = [...one].map(([key, group]) => [group, group, other.get(key)] as [Some<Item>, Some<Item>, Some<Item>]);
  const its = [...other].filter(([key]) => !one.has(key));
  return [...mine, ...its.map(([, group]) => [group, undefined, group] as [Some<Item>, undefined, Some<Item>])];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
