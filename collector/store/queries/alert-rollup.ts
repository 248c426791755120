/** What every query of alert rules shares: the rollup that it reads, its columns, and its bounds. */
import type { QueryOptions } from "../store.ts";
import { functionRollup, queueRollup } from "./alert-span-rollups.ts";

/** What a sample covers of a rollup, and how it is grouped. */
export interface RollupQuery {
  readonly source: "function" | "queue";
  readonly level: readonly RollupLevel[];
  /** `*` patterns; only for a level that merges what a scope would tell apart. */
  readonly scope: { readonly [Name in RollupLevel]?: string | undefined };
  /** Reads spans that have these attributes in place of the rollup. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a rollup is grouped by, each a column of it. */
export type RollupLevel = "service" | "function" | "queue";

/** Bounds of one query: a rule must never take the store from the readers. */
export const SAMPLE_BOUNDS: QueryOptions = { bounds: { timeS: 20, memoryBytes: 2 * 1024 ** 3 } };

const LEVEL_COLUMNS: Readonly<Record<RollupLevel, string>> = {
  service: "service_name",
  function: "faas_name",
  queue: "queue",
};

/** The columns of a level, named after it. */
export function levelColumns(level: readonly RollupLevel[]): string[] {
  return level.map((name) => `${LEVEL_COLUMNS[name]} AS ${name}`);
}

/** The rollup in the order of time; its name alone. */
export function rollupTable(source: RollupQuery["source"]): string {
  return source === "function" ? "alert_minutes" : "queue_minutes";
}

/** The rollup, or the same columns made from the spans that have the attributes; adds its parameters. */
export function rollupOf(
  { source, attributes }: Pick<RollupQuery, "source" | "attributes">,
  params: Record<string, unknown>,
): string {
  if (Object.keys(attributes).length === 0) return rollupTable(source);
  return (source === "function" ? functionRollup : queueRollup)(attributes, params);
}

/** Conditions for the scope, each with its AND; adds their parameters. */
export function scopeCondition(scope: RollupQuery["scope"], params: Record<string, unknown>): string {
  return (["service", "function", "queue"] as const)
    .flatMap((name) => {
      const pattern = scope[name];
      if (pattern === undefined) return [];
      params[`scope_${name}`] = likeText(pattern).replaceAll("*", "%");
      return [`AND ${LEVEL_COLUMNS[name]} LIKE {scope_${name}:String}`];
    })
    .join("\n        ");
}

function likeText(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}
