/**
 * A layered layout for flow graphs, top to bottom: cycles are broken by turning edges round, ranks are longest
 * paths, orders come from median sweeps with transposition (the best of all is kept), positions from an isotonic
 * fit to the neighbours. A label is laid out as a node of its own, so labels never overlap anything.
 */
import { improveOrder } from "./graph-order.ts";

/** Room between neighbours of one layer, in pixels. */
const GAP_PX = 28;
/** Room between layers, in pixels: the edges' curves and arrowheads. */
const LAYER_GAP_PX = 24;
/** Rounds of moving nodes towards their neighbours; more change nothing visible. */
const FIT_ROUNDS = 12;

/** What is to be placed. Sizes in pixels. */
export interface LayoutInput {
  nodes: { id: string; width: number; height: number }[];
  /** `width` and `height` are those of the label, 0 where there is none. */
  edges: { id: string; from: string; to: string; width: number; height: number }[];
}

/** A rectangle by its centre. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where everything goes, in pixels; `points` run from source to target. */
export interface Layout {
  width: number;
  height: number;
  nodes: Map<string, Box>;
  labels: Map<string, Box>;
  points: Map<string, { x: number; y: number }[]>;
}

/** A node, a label, or the bend of an edge that crosses a layer. */
interface Item {
  id: number;
  width: number;
  height: number;
  rank: number;
}

/** Places a graph. The same input gives the same layout. */
export function layoutGraph(input: LayoutInput): Layout {
  const at = new Map(input.nodes.map((node, index) => [node.id, index]));
  const ends = input.edges.map((edge) => [at.get(edge.from) ?? -1, at.get(edge.to) ?? -1] as const);
  const drawn = input.edges.flatMap((_edge, index) => {
    const [from, to] = ends[index] ?? [-1, -1];
    return from >= 0 && to >= 0 && from !== to ? [{ index, from, to }] : [];
  });
  const { order, turned } = depthFirst(input.nodes.length, drawn);
  const ranks = longestPaths(input.nodes.length, drawn, order, turned);
  const items: Item[] = input.nodes.map((node, id) => ({
    id,
    width: node.width,
    height: node.height,
    rank: (ranks[id] ?? 0) * 2,
  }));
  const chains = drawn.map((edge) => chainOf(items, edge, turned.has(edge.index), input.edges[edge.index]));
  const layers = startLayers(items, chains, order);
  const links = chains.flatMap((chain) =>
    chain.items.slice(1).map((to, index) => [chain.items[index] ?? 0, to] as const),
  );
  improveOrder(layers, links, items.length);
  const xs = fitPositions(layers, links, items);
  return place(input, items, layers, xs, chains);
}

interface Chain {
  index: number;
  /** From the upper end to the lower. */
  items: number[];
  label: number | undefined;
  turned: boolean;
}

type DrawnEdge = { index: number; from: number; to: number };

/** Visits in order of edges, so that what was published first is drawn first; returns which edges close a cycle. */
function depthFirst(count: number, edges: DrawnEdge[]): { order: number[]; turned: Set<number> } {
  const out = Map.groupBy(edges, (edge) => edge.from);
  const hasSource = new Set(edges.map((edge) => edge.to));
  const state = new Uint8Array(count);
  const order: number[] = [];
  const turned = new Set<number>();
  const ids = Array.from({ length: count }, (_, id) => id);
  for (const root of [...ids.filter((id) => !hasSource.has(id)), ...ids]) {
    if (state[root] !== 0) continue;
    state[root] = 1;
    order.push(root);
    const stack = [{ id: root, next: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const edge = out.get(top.id)?.[top.next];
      top.next += 1;
      if (!edge) {
        state[top.id] = 2;
        stack.pop();
      } else if (state[edge.to] === 1) turned.add(edge.index);
      else if (state[edge.to] === 0) {
        state[edge.to] = 1;
        order.push(edge.to);
        stack.push({ id: edge.to, next: 0 });
      }
    }
  }
  return { order, turned };
}

function longestPaths(count: number, edges: DrawnEdge[], order: number[], turned: Set<number>): Int32Array {
  const ranks = new Int32Array(count);
  const degree = new Int32Array(count);
  const down = edges.map(({ index, from, to }) => (turned.has(index) ? { from: to, to: from } : { from, to }));
  for (const { to } of down) degree[to] = (degree[to] ?? 0) + 1;
  const out = Map.groupBy(down, (edge) => edge.from);
  const ready = order.filter((id) => degree[id] === 0);
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const { to } of out.get(id) ?? []) {
      ranks[to] = Math.max(ranks[to] ?? 0, (ranks[id] ?? 0) + 1);
      degree[to] = (degree[to] ?? 0) - 1;
      if (degree[to] === 0) ready.push(to);
    }
  }
  return ranks;
}

function chainOf(items: Item[], edge: DrawnEdge, turned: boolean, size?: { width: number; height: number }): Chain {
  const [upper, lower] = turned ? [edge.to, edge.from] : [edge.from, edge.to];
  const first = items[upper]?.rank ?? 0;
  const last = items[lower]?.rank ?? 0;
  const chain: Chain = { index: edge.index, items: [upper], label: undefined, turned };
  const labelRank = turned ? first + 1 : last - 1;
  for (let rank = first + 1; rank < last; rank += 1) {
    const isLabel = rank === labelRank && (size?.width ?? 0) > 0;
    const item = {
      id: items.length,
      rank,
      width: isLabel ? (size?.width ?? 0) : 2,
      height: isLabel ? (size?.height ?? 0) : 0,
    };
    items.push(item);
    chain.items.push(item.id);
    if (isLabel) chain.label = item.id;
  }
  chain.items.push(lower);
  return chain;
}

function startLayers(items: Item[], chains: Chain[], order: number[]): number[][] {
  const layers: number[][] = Array.from({ length: 1 + Math.max(0, ...items.map((item) => item.rank)) }, () => []);
  const chainsFrom = Map.groupBy(chains, (chain) => chain.items[0] ?? 0);
  for (const id of order) {
    layers[items[id]?.rank ?? 0]?.push(id);
    for (const chain of chainsFrom.get(id) ?? []) {
      for (const bend of chain.items.slice(1, -1)) layers[items[bend]?.rank ?? 0]?.push(bend);
    }
  }
  return layers;
}

function fitPositions(layers: number[][], links: (readonly [number, number])[], items: Item[]): Float64Array {
  const xs = new Float64Array(items.length);
  for (const layer of layers) {
    let x = 0;
    for (const id of layer) {
      const width = items[id]?.width ?? 0;
      xs[id] = x + width / 2;
      x += width + GAP_PX;
    }
  }
  const up = Map.groupBy(links, ([, to]) => to);
  const down = Map.groupBy(links, ([from]) => from);
  for (let round = 0; round < FIT_ROUNDS; round += 1) {
    const downwards = round % 2 === 0;
    for (const layer of downwards ? layers : layers.toReversed()) {
      const wanted = layer.map((id) => {
        const near = downwards ? up.get(id)?.map(([from]) => from) : down.get(id)?.map(([, to]) => to);
        if (!near || near.length === 0) return xs[id] ?? 0;
        return near.reduce((sum, other) => sum + (xs[other] ?? 0), 0) / near.length;
      });
      fitLayer(layer, wanted, items, xs);
    }
  }
  return xs;
}

/** Pool adjacent violators: the least squares fit to `wanted` that keeps the order and the gaps. */
function fitLayer(layer: number[], wanted: number[], items: Item[], xs: Float64Array): void {
  const offsets: number[] = [];
  let offset = 0;
  layer.forEach((id, index) => {
    const before = items[layer[index - 1] ?? -1]?.width;
    offset += before === undefined ? 0 : (before + (items[id]?.width ?? 0)) / 2 + GAP_PX;
    offsets.push(offset);
  });
  const blocks: { sum: number; count: number }[] = [];
  wanted.forEach((want, index) => {
    let block = { sum: want - (offsets[index] ?? 0), count: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.count > block.sum / block.count; last = blocks.at(-1)) {
      block = { sum: block.sum + last.sum, count: block.count + last.count };
      blocks.pop();
    }
    blocks.push(block);
  });
  let index = 0;
  for (const { sum, count } of blocks) {
    for (let step = 0; step < count; step += 1, index += 1) xs[layer[index] ?? 0] = sum / count + (offsets[index] ?? 0);
  }
}

function place(input: LayoutInput, items: Item[], layers: number[][], xs: Float64Array, chains: Chain[]): Layout {
  const left = items.length === 0 ? 0 : Math.min(...items.map((item) => (xs[item.id] ?? 0) - item.width / 2));
  const right = Math.max(left, ...items.map((item) => (xs[item.id] ?? 0) + item.width / 2));
  const ys: number[] = [];
  const heights: number[] = [];
  let y = 0;
  for (const layer of layers) {
    const height = Math.max(0, ...layer.map((id) => items[id]?.height ?? 0));
    heights.push(height);
    ys.push(y + height / 2);
    // A layer without a label in it needs no room of its own.
    y += height + (height === 0 ? 0 : LAYER_GAP_PX);
  }
  const box = (id: number): Box => {
    const item = items[id] ?? { rank: 0, width: 0, height: 0 };
    return { x: (xs[id] ?? 0) - left, y: ys[item.rank] ?? 0, width: item.width, height: item.height };
  };
  const layout: Layout = {
    width: right - left,
    height: Math.max(0, y - LAYER_GAP_PX),
    nodes: new Map(),
    labels: new Map(),
    points: new Map(),
  };
  input.nodes.forEach((node, id) => layout.nodes.set(node.id, box(id)));
  for (const chain of chains) {
    const id = input.edges[chain.index]?.id ?? "";
    if (chain.label !== undefined) layout.labels.set(id, box(chain.label));
    const points = chain.items.flatMap((item, index) => {
      const { x, y: middle, height } = box(item);
      const half = (heights[items[item]?.rank ?? 0] ?? 0) / 2;
      // Straight through a layer, curved between layers: so a line never cuts a corner of its neighbour.
      const top = { x, y: middle - half };
      const bottom = { x, y: middle + half };
      if (index === 0) return [{ x, y: middle + height / 2 }, bottom];
      return index === chain.items.length - 1 ? [top, { x, y: middle - height / 2 }] : [top, bottom];
    });
    const line = points.filter(({ x, y: atY }, index) => x !== points[index - 1]?.x || atY !== points[index - 1]?.y);
    layout.points.set(id, chain.turned ? line.reverse() : line);
  }
  return layout;
}
