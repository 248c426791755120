/** Runs of a function under one request id: a platform that tries an invocation again keeps its id. */
import { consumerName, hasFailed } from "./delivery.ts";
import { addTo } from "./grouped.ts";
import { invocationIdOf } from "./message.ts";
import type { Selection } from "./select.ts";
import { byEntry, type Unit } from "./unit.ts";

/** Which of the runs a unit is, from 1, and how many there were. */
export interface Run {
  readonly attempt: number;
  readonly attempts: number;
}

/** The units that took no message and ran more than once, by function and request id, each list by time. */
export function runsOf({ units, takes }: Selection): Unit[][] {
  const runs = new Map<string, Unit[]>();
  for (const unit of units) {
    const id = invocationIdOf(unit.entry);
    if (id === undefined || (takes.get(unit)?.length ?? 0) > 0) continue;
    const key = JSON.stringify([unit.entry.service, consumerName(unit.entry), id]);
    addTo(runs, key, unit);
  }
  return [...runs.values()].filter(({ length }) => length > 1).map((list) => list.sort(byEntry));
}

/** Which attempt each such unit is; a unit that ran once is not in the answer. */
export function repeatedRuns(runs: readonly (readonly Unit[])[]): Map<Unit, Run> {
  return new Map(
    runs.flatMap((list) => list.map((unit, at) => [unit, { attempt: at + 1, attempts: list.length }] as const)),
  );
}

/** Units that failed and were tried again with success. */
export function mendedRuns(runs: readonly (readonly Unit[])[]): Unit[] {
  return runs.flatMap((list) => {
    const success = list.findLastIndex(({ entry }) => !hasFailed(entry));
    return list.slice(0, Math.max(success, 0));
  });
}
