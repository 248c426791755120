import type { FunctionSummary } from "@hopscope/schema/api";

const VALUES = {
  name: (one: FunctionSummary) => one.name,
  invocations: (one: FunctionSummary) => one.invocations,
  errors: (one: FunctionSummary) => one.errorRate,
  timeouts: (one: FunctionSummary) => one.timeouts,
  cold: (one: FunctionSummary) => one.coldStartRate,
  p50: (one: FunctionSummary) => one.durationMs.p50,
  p95: (one: FunctionSummary) => one.durationMs.p95,
  p99: (one: FunctionSummary) => one.durationMs.p99,
  init: (one: FunctionSummary) => one.initMs?.p95 ?? -1,
  memory: (one: FunctionSummary) => (one.memoryLimit > 0 ? one.memoryUsedMax / one.memoryLimit : -1),
} as const;

/** A column by which functions can be sorted. */
export type SortKey = keyof typeof VALUES;

/** Returns whether a word of the address names a column. */
export function isSortKey(key: string | undefined): key is SortKey {
  return key !== undefined && Object.hasOwn(VALUES, key);
}

/** Returns functions in the order of a column; errors and cold starts by their rate; ties by name. */
export function sortFunctions(functions: FunctionSummary[], key: SortKey, descending: boolean): FunctionSummary[] {
  const value = VALUES[key];
  // The first click on a name asks for A to Z, on a number for the most.
  const sign = descending === (key !== "name") ? -1 : 1;
  return functions.toSorted((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === right) return a.name.localeCompare(b.name);
    return left < right ? -sign : sign;
  });
}
