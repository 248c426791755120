import { isWorse } from "./compare.ts";
import { isFlapping } from "./flap.ts";
import { NOTIFIED_ALERTS_MAX } from "./limits.ts";
import { findMute } from "./mutes.ts";
import { pickLabels, seriesKey } from "./series-key.ts";
import type {
  GroupState,
  Labels,
  Mute,
  Notification,
  NotificationKind,
  NotifiedAlert,
  Rule,
  RuleState,
  SeriesState,
  ToldAlert,
} from "./types.ts";

/** What decides, besides the series, what is told now. */
export interface Occasion {
  readonly atMs: number;
  readonly nowMs: number;
  readonly mutes: readonly Mute[];
  /** Alerts whose beginning is not told, because an upstream explains them. */
  readonly explained?: ReadonlyMap<string, string> | undefined;
  /** Labels that every alert of the rule has; mutes see them too. */
  readonly ruleLabels: Labels;
}

/** Decides what to tell of the alerts of a rule, thread by thread. */
export function dispatch(
  rule: Rule,
  state: Pick<RuleState, "series" | "groups">,
  occasion: Occasion,
): { groups: RuleState["groups"]; notifications: Notification[] } {
  const firing = firingByGroup(rule, state.series, occasion);
  const notifications: Notification[] = [];
  const groups: Record<string, GroupState> = {};
  let changed = false;
  for (const key of new Set([...Object.keys(state.groups), ...firing.keys()])) {
    const before = state.groups[key];
    const group = before ?? newGroup(firing.get(key));
    const { after, notification } = tell(rule, state.series, group, firing.get(key) ?? NONE_FIRING, key, occasion);
    if (notification !== undefined) notifications.push(notification);
    if (after !== undefined) groups[key] = after;
    changed ||= after !== before;
  }
  return { groups: changed ? groups : state.groups, notifications };
}

interface FiringAlert {
  readonly series: SeriesState;
  readonly groupLabels: Labels;
}
type Firing = Map<string, FiringAlert>;
const NONE_FIRING: Firing = new Map<string, FiringAlert>();

function newGroup(firing: Firing | undefined): GroupState {
  const labels = firing?.values().next().value?.groupLabels ?? {};
  return { labels, waitMs: 0, openedMs: 0, sentMs: 0, sequence: 0, told: {} };
}

/** The alerts that fire and are not muted, by group. */
function firingByGroup(
  rule: Rule,
  series: RuleState["series"],
  { mutes, explained, ruleLabels }: Occasion,
): Map<string, Firing> {
  const groups = new Map<string, Firing>();
  for (const [key, one] of Object.entries(series)) {
    if (one.phase !== "firing" || explained?.has(key) === true) continue;
    if (findMute(mutes, { ...ruleLabels, ...one.labels }) !== undefined) continue;
    const groupLabels = pickLabels(one.labels, rule.group.by);
    const groupKey = seriesKey(groupLabels);
    const group: Firing = groups.get(groupKey) ?? new Map<string, FiringAlert>();
    group.set(key, { series: one, groupLabels });
    groups.set(groupKey, group);
  }
  return groups;
}

/** One thread: what it says now, and what it is afterwards (undefined once nothing is left to say). */
function tell(
  rule: Rule,
  series: RuleState["series"],
  group: GroupState,
  firing: Firing,
  groupKey: string,
  occasion: Occasion,
): { after: GroupState | undefined; notification?: Notification } {
  const { nowMs } = occasion;
  const fresh = [...firing.keys()].filter((key) => group.told[key] === undefined);
  if (group.openedMs === 0) {
    if (fresh.length === 0) return { after: undefined };
    const waitMs = Math.min(group.waitMs || nowMs, nowMs);
    if (nowMs - waitMs < rule.group.waitMs) return { after: waitMs === group.waitMs ? group : { ...group, waitMs } };
    const opened = { ...group, waitMs: 0, openedMs: nowMs };
    return send(rule, series, opened, { kind: "firing", fresh, ended: [], shown: fresh }, groupKey, occasion);
  }
  const ended = Object.keys(group.told).filter((key) => hasEnded(series, group, key, occasion));
  const choice = choose(rule, series, group, { firing, fresh, ended }, occasion);
  return choice === null ? { after: group } : send(rule, series, group, choice, groupKey, occasion);
}

function hasEnded(series: RuleState["series"], group: GroupState, key: string, occasion: Occasion): boolean {
  const one = series[key];
  if (one?.phase === "firing" || isFlapping(one, occasion.atMs)) return false;
  const labels = group.told[key]?.labels ?? {};
  return findMute(occasion.mutes, { ...occasion.ruleLabels, ...labels }) === undefined;
}

interface Choice {
  readonly kind: NotificationKind;
  readonly fresh: readonly string[];
  readonly ended: readonly string[];
  /** Keys of the alerts to spell out. */
  readonly shown: readonly string[];
}

function choose(
  rule: Rule,
  series: RuleState["series"],
  group: GroupState,
  { firing, fresh, ended }: { firing: Firing; fresh: readonly string[]; ended: readonly string[] },
  { atMs, nowMs }: Occasion,
): Choice | null {
  // A clock that was put back must not silence the thread until it has caught up.
  const sinceSentMs = nowMs < group.sentMs ? rule.group.intervalMs : nowMs - group.sentMs;
  if (sinceSentMs < rule.group.intervalMs) return null;
  if (fresh.length > 0) return { kind: "firing", fresh, ended, shown: [...fresh, ...ended] };
  if (ended.length > 0) {
    const kind = ended.length === Object.keys(group.told).length ? "resolved" : "update";
    return { kind, fresh, ended, shown: ended };
  }
  const flapping = Object.keys(group.told).filter(
    (key) => group.told[key]?.flapping === false && isFlapping(series[key], atMs),
  );
  if (flapping.length > 0) return { kind: "flapping", fresh, ended, shown: flapping };
  if (sinceSentMs < rule.group.repeatMs || firing.size === 0) return null;
  return { kind: "repeat", fresh, ended, shown: [...firing.keys()] };
}

function send(
  rule: Rule,
  series: RuleState["series"],
  group: GroupState,
  choice: Choice,
  groupKey: string,
  { atMs, nowMs }: Occasion,
): { after: GroupState | undefined; notification: Notification } {
  const told: Record<string, ToldAlert> = { ...group.told };
  for (const key of choice.fresh) told[key] = toldOf(series[key]);
  for (const key of choice.shown) {
    const before = told[key];
    if (before !== undefined && isFlapping(series[key], atMs)) told[key] = { ...before, flapping: true };
  }
  const alerts = choice.shown.map((key) => notified(key, told, series, choice.ended.includes(key), atMs));
  alerts.sort((a, b) =>
    isWorse(rule.comparison, a.value, b.value) ? -1 : isWorse(rule.comparison, b.value, a.value) ? 1 : 0,
  );
  for (const key of choice.ended) delete told[key];
  const sequence = group.sequence + 1;
  const incident = `${rule.id}/${groupKey}/${group.openedMs}`;
  const notification: Notification = {
    type: "notification",
    id: `${incident}#${sequence}`,
    incident,
    kind: choice.kind,
    ruleId: rule.id,
    groupLabels: group.labels,
    atMs,
    alerts: alerts.slice(0, NOTIFIED_ALERTS_MAX),
    firingCount: Object.keys(told).length,
    resolvedCount: choice.ended.length,
    text: "",
  };
  const isOver = Object.keys(told).length === 0;
  return { after: isOver ? undefined : { ...group, sentMs: nowMs, sequence, told }, notification };
}

function toldOf(series: SeriesState | undefined): ToldAlert {
  if (series === undefined) throw new Error("an alert that fires has a state");
  const { labels, condition, firedMs, value, normal, windowEndMs } = series;
  return { labels, condition, firedMs, value, normal, windowEndMs, flapping: false };
}

function notified(
  key: string,
  told: Readonly<Record<string, ToldAlert>>,
  series: RuleState["series"],
  hasEndedNow: boolean,
  atMs: number,
): NotifiedAlert {
  const known = told[key];
  if (known === undefined) throw new Error("only what is told is shown");
  const now = series[key];
  return {
    labels: known.labels,
    condition: known.condition,
    status: hasEndedNow ? "resolved" : "firing",
    sinceMs: now === undefined || now.sinceMs === 0 ? known.firedMs : Math.min(now.sinceMs, known.firedMs),
    endedMs: hasEndedNow ? (now?.ended?.atMs ?? atMs) : null,
    reason: hasEndedNow ? (now?.ended?.reason ?? "recovered") : null,
    value: now?.value ?? known.value,
    normal: now?.normal ?? known.normal,
    windowEndMs: now?.windowEndMs ?? known.windowEndMs,
    flapping: known.flapping,
  };
}

/** Tells the end of everything that was told, at once and past every mute: the rule itself ends. */
export function closeAll(
  rule: Rule,
  state: Pick<RuleState, "series" | "groups">,
  occasion: Occasion,
): Notification[] {
  return Object.entries(state.groups).flatMap(([groupKey, group]) => {
    const ended = Object.keys(group.told);
    if (ended.length === 0) return [];
    const choice: Choice = { kind: "resolved", fresh: [], ended, shown: ended };
    return [send(rule, state.series, group, choice, groupKey, occasion).notification];
  });
}
