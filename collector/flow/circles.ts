/** Units that cause one another: a request that waited for a message's answer, or broken data. */
import { byEntry, type Unit } from "./unit.ts";

/** Where a unit stands in the walk. */
export interface Place {
  readonly order: number;
  /** The least order that it leads back to. */
  low: number;
  isOpen: boolean;
}

/** What caused a unit. */
export type CausesOf = (unit: Unit) => readonly Unit[];

/**
 * The units and all that caused them, in groups: those that cause one another are one, any other unit is alone. What
 * caused a group comes before it (Tarjan's strongly connected components). Those with `places` are known already.
 */
export function circlesAmong(starts: readonly Unit[], causesOf: CausesOf, places = new Map<Unit, Place>()): Unit[][] {
  const open: Unit[] = [];
  const groups: Unit[][] = [];
  for (const start of starts) {
    if (places.has(start)) continue;
    const walk = [{ unit: start, causes: causesOf(start), at: 0, place: enter(start, places, open) }];
    for (let step = walk.at(-1); step !== undefined; step = walk.at(-1)) {
      const cause = step.causes[step.at];
      step.at += 1;
      if (cause === undefined) {
        walk.pop();
        const below = walk.at(-1);
        if (below) below.place.low = Math.min(below.place.low, step.place.low);
        if (step.place.low === step.place.order) groups.push(close(step.unit, places, open));
        continue;
      }
      const known = places.get(cause);
      if (known === undefined) {
        walk.push({ unit: cause, causes: causesOf(cause), at: 0, place: enter(cause, places, open) });
      } else if (known.isOpen) step.place.low = Math.min(step.place.low, known.order);
    }
  }
  return groups;
}

function enter(unit: Unit, places: Map<Unit, Place>, open: Unit[]): Place {
  const place = { order: places.size, low: places.size, isOpen: true };
  places.set(unit, place);
  open.push(unit);
  return place;
}

function close(unit: Unit, places: Map<Unit, Place>, open: Unit[]): Unit[] {
  const group = open.splice(open.lastIndexOf(unit));
  for (const member of group) (places.get(member) as Place).isOpen = false;
  return group;
}

/** The unit that a group begins with: one that has no parent, the earliest. */
export function headOf(group: readonly Unit[]): Unit {
  const isRoot = ({ entry }: Unit) => entry.parentSpanId === undefined;
  return group.reduce((head, unit) => {
    const difference = Number(isRoot(unit)) - Number(isRoot(head)) || byEntry(head, unit);
    return difference > 0 ? unit : head;
  });
}

/** The heads of the groups that nothing outside of them caused. */
export function uncausedHeads(groups: readonly (readonly Unit[])[], causesOf: CausesOf): Unit[] {
  return groups.filter((group) => causesAbove(group, causesOf).length === 0).map(headOf);
}

/** What caused a group from outside of it. */
export function causesAbove(group: readonly Unit[], causesOf: CausesOf): Unit[] {
  const own = new Set(group);
  return group.flatMap((unit) => causesOf(unit).filter((cause) => !own.has(cause)));
}
