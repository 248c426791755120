/** Sweeps down and up; crossings seldom fall after the first few. */
const SWEEPS_MAX = 24;
/** Sweeps without a better result after which the search ends. */
const SWEEPS_IDLE_MAX = 6;
/** Transposition passes within one sweep. */
const TRANSPOSE_PASSES_MAX = 4;

type Link = readonly [number, number];

/**
 * Reorders each layer in place so that few links cross: median sweeps, each followed by swapping neighbours
 * wherever that helps, and the best order of all is kept. `links` join adjacent layers, upper end first.
 */
export function improveOrder(layers: number[][], links: Link[], count: number): void {
  const up: number[][] = Array.from({ length: count }, () => []);
  const down: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of links) {
    down[from]?.push(to);
    up[to]?.push(from);
  }
  const position = new Int32Array(count);
  const settle = (layer: number[]): void => layer.forEach((id, at) => (position[id] = at));
  layers.forEach(settle);
  let best = layers.map((layer) => [...layer]);
  let least = countCrossings(layers, down, position);
  for (let sweep = 0, idle = 0; sweep < SWEEPS_MAX && idle < SWEEPS_IDLE_MAX && least > 0; sweep += 1) {
    const near = sweep % 2 === 0 ? up : down;
    for (const layer of sweep % 2 === 0 ? layers : layers.toReversed()) {
      sortByMedian(layer, near, position);
      settle(layer);
    }
    transpose(layers, up, down, position);
    const crossings = countCrossings(layers, down, position);
    idle = crossings < least ? 0 : idle + 1;
    if (crossings < least) {
      least = crossings;
      best = layers.map((layer) => [...layer]);
    }
  }
  layers.forEach((layer, at) => layer.splice(0, layer.length, ...(best[at] ?? [])));
}

/** Returns how often links between adjacent layers cross. */
function countCrossings(layers: number[][], down: number[][], position: Int32Array): number {
  let crossings = 0;
  for (const layer of layers) {
    const ends: number[] = [];
    for (const id of layer) {
      const targets = (down[id] ?? []).map((to) => position[to] ?? 0).sort((a, b) => a - b);
      for (const target of targets) crossings += insertCounting(ends, target);
    }
  }
  return crossings;
}

/** Inserts in order and returns how many ends lie beyond: none of a sibling's, because siblings come ascending. */
function insertCounting(ends: number[], target: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) <= target) low = middle + 1;
    else high = middle;
  }
  const beyond = ends.length - low;
  ends.splice(low, 0, target);
  return beyond;
}

function sortByMedian(layer: number[], near: number[][], position: Int32Array): void {
  const keys = new Map<number, number>();
  layer.forEach((id, at) => {
    const places = (near[id] ?? []).map((other) => position[other] ?? 0).sort((a, b) => a - b);
    const middle = places.length >> 1;
    const median = places.length % 2 === 1 ? places[middle] : ((places[middle - 1] ?? 0) + (places[middle] ?? 0)) / 2;
    keys.set(id, places.length === 0 ? at : (median ?? at));
  });
  layer.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
}

function transpose(layers: number[][], up: number[][], down: number[][], position: Int32Array): void {
  for (let pass = 0, better = true; better && pass < TRANSPOSE_PASSES_MAX; pass += 1) {
    better = false;
    for (const layer of layers) {
      for (let at = 0; at + 1 < layer.length; at += 1) {
        const left = layer[at] ?? 0;
        const right = layer[at + 1] ?? 0;
        const gain =
          pairCrossings(up, left, right, position) +
          pairCrossings(down, left, right, position) -
          pairCrossings(up, right, left, position) -
          pairCrossings(down, right, left, position);
        if (gain <= 0) continue;
        layer[at] = right;
        layer[at + 1] = left;
        position[right] = at;
        position[left] = at + 1;
        better = true;
      }
    }
  }
}

function pairCrossings(near: number[][], left: number, right: number, position: Int32Array): number {
  let crossings = 0;
  for (const a of near[left] ?? []) {
    for (const b of near[right] ?? []) if ((position[a] ?? 0) > (position[b] ?? 0)) crossings += 1;
  }
  return crossings;
}
