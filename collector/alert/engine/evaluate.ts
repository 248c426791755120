import { advance, end, type Finding, type Moment } from "./advance.ts";
import { judge, type Verdict } from "./compare.ts";
import { ENDED_KEPT_MS, LATE_BREACHES_MAX, NO_DATA_FORGOTTEN_MS } from "./limits.ts";
import { indexOf, overviewOf } from "./overview.ts";
import type { Labels, Observation, Rule, RuleState, Sample, SeriesState, Transition } from "./types.ts";

/** What an evaluation made of the series of a rule. */
export interface Evaluated {
  readonly series: RuleState["series"];
  readonly last: RuleState["last"];
  readonly transitions: readonly Transition[];
  /** Windows of the past that breached, seen only now. */
  readonly pastBreaches: readonly { readonly endMs: number; readonly labels: Labels }[];
}

/** Judges every series of a sample, and every series known from before that the sample does not have. */
export function evaluate(rule: Rule, state: RuleState, sample: Sample, past: boolean): Evaluated {
  const draft = new Draft(rule, sample, past, state.series);
  const late = lateFindings(rule, state, sample);
  const { reporting, insufficient, worst } = overviewOf(sample.series, rule);
  /** Those that matter: of most series nothing is known, and nothing happens to them. */
  const keys = new Set([...Object.keys(state.series).filter(isValueKey), ...late.young.keys()]);
  const watched = rule.noData.policy === "alert";
  if (watched || (worst !== null && judge(rule, worst, false) === "holds")) {
    for (const one of sample.series) if (watched || judge(rule, one, false) === "holds") keys.add(one.key);
  }
  const moment: Moment = {
    atMs: sample.atMs,
    ruleChanged: state.version !== rule.version,
    othersReport: reporting > 0,
  };
  const { byKey } = indexOf(sample.series);
  for (const key of keys) {
    const before = state.series[key];
    const found = late.young.get(key) ?? findingOf(rule, before, byKey.get(key), sample.windowEndMs);
    draft.put(key, before, advance(rule, before, found, moment));
    if (watched) watchSilence(draft, rule, state, key, found, moment);
  }
  draft.prune();
  return {
    series: draft.series(),
    transitions: [...draft.transitions, ...late.transitions],
    pastBreaches: late.past,
    last: {
      windowEndMs: sample.windowEndMs,
      series: sample.series.length,
      ...draft.counts(),
      insufficient,
      worst: worst === null || worst.value === null ? null : { labels: worst.labels, value: worst.value },
    },
  };
}

/** Ends every firing series, for a rule that was deleted or became another. */
export function endAll(
  rule: Pick<Rule, "id">,
  state: RuleState,
  atMs: number,
  reason: "rule changed" | "rule deleted",
) {
  const series: Record<string, SeriesState> = {};
  const transitions: Transition[] = [];
  for (const [key, one] of Object.entries(state.series)) {
    if (one.phase !== "firing") continue;
    const ended = end(one, atMs, reason);
    series[key] = ended;
    transitions.push(transition(rule.id, ended, "resolved", atMs, false));
  }
  return { series, transitions };
}

const NO_DATA_SUFFIX = " no-data";

function isValueKey(key: string): boolean {
  return !key.endsWith(NO_DATA_SUFFIX);
}

/** The series' next states: the old record as long as nothing changes, a copy from the first change on. */
class Draft {
  readonly transitions: Transition[] = [];
  readonly #rule: Rule;
  readonly #sample: Sample;
  readonly #past: boolean;
  #series: Readonly<Record<string, SeriesState>>;
  #copy: Record<string, SeriesState> | null = null;

  constructor(rule: Rule, sample: Sample, past: boolean, series: Readonly<Record<string, SeriesState>>) {
    this.#rule = rule;
    this.#sample = sample;
    this.#past = past;
    this.#series = series;
  }

  put(key: string, before: SeriesState | undefined, after: SeriesState | undefined): void {
    if (before === after) return;
    this.#copy ??= { ...this.#series };
    if (after === undefined) delete this.#copy[key];
    else this.#copy[key] = after;
    const fired = after?.phase === "firing" && before?.phase !== "firing";
    const resolved = before?.phase === "firing" && after?.phase === "ok";
    if (after === undefined || (!fired && !resolved)) return;
    const { atMs } = this.#sample;
    this.transitions.push(transition(this.#rule.id, after, fired ? "fired" : "resolved", atMs, this.#past));
  }

  /** Forgets series that have been fine for long. */
  prune(): void {
    const { atMs } = this.#sample;
    for (const [key, one] of Object.entries(this.series())) {
      if (one.phase !== "ok") continue;
      const watched = this.#rule.noData.policy === "alert" && isValueKey(key);
      const keptMs = watched ? NO_DATA_FORGOTTEN_MS : ENDED_KEPT_MS;
      const quietMs = atMs - Math.max(one.ended?.atMs ?? 0, one.changesMs.at(-1) ?? 0, watched ? one.windowEndMs : 0);
      if (quietMs >= keptMs) this.put(key, one, undefined);
    }
  }

  series(): Readonly<Record<string, SeriesState>> {
    return this.#copy ?? this.#series;
  }

  counts(): { firing: number; pending: number } {
    let firing = 0;
    let pending = 0;
    for (const one of Object.values(this.series())) {
      if (one.phase === "firing") firing++;
      if (one.phase === "pending") pending++;
    }
    return { firing, pending };
  }
}

function findingOf(
  rule: Rule,
  before: SeriesState | undefined,
  one: Observation | undefined,
  windowEndMs: number,
): Finding {
  return {
    labels: one?.labels ?? before?.labels ?? {},
    condition: "value",
    verdict: judge(rule, one, before?.phase === "firing"),
    value: one === undefined ? rule.absentValue : one.value,
    normal: one?.normal ?? null,
    windowEndMs: one?.windowEndMs ?? windowEndMs,
  };
}

/** Under the policy `alert`: remembers a series that reports, and advances the alert about its silence. */
function watchSilence(draft: Draft, rule: Rule, state: RuleState, key: string, found: Finding, moment: Moment): void {
  const silent = found.verdict === "absent";
  const now = draft.series()[key];
  if (now === undefined || (now.phase === "ok" && !silent)) {
    draft.put(key, now, {
      ...(now ?? fine(found)),
      windowEndMs: silent ? (now?.windowEndMs ?? moment.atMs) : moment.atMs,
    });
  }
  const silenceKey = key + NO_DATA_SUFFIX;
  const before = state.series[silenceKey];
  const forgotten = before?.phase === "firing" && moment.atMs - before.firedMs >= NO_DATA_FORGOTTEN_MS;
  const verdict: Verdict = silent ? "holds" : "clear";
  const finding: Finding = { ...found, condition: "no-data", verdict, value: null };
  const after = forgotten ? end(before, moment.atMs, "gone") : advance(rule, before, finding, moment);
  draft.put(silenceKey, before, after);
}

function fine(found: Finding): SeriesState {
  return {
    labels: found.labels,
    condition: "value",
    phase: "ok",
    sinceMs: 0,
    firedMs: 0,
    clearMs: 0,
    unknownMs: 0,
    ended: null,
    value: found.value,
    normal: found.normal,
    windowEndMs: found.windowEndMs,
    breachedMs: 0,
    changesMs: [],
  };
}

/** Breaches of late windows: young ones count for this evaluation, old ones only for the history. */
function lateFindings(rule: Rule, state: RuleState, sample: Sample) {
  const young = new Map<string, Finding>();
  const past: { endMs: number; labels: Labels }[] = [];
  const transitions: Transition[] = [];
  for (const window of sample.late ?? []) {
    for (const one of window.series) {
      const before = state.series[one.key];
      if (window.endMs <= (before?.breachedMs ?? 0) || judge(rule, one, false) !== "holds") continue;
      const finding = findingOf(rule, undefined, one, window.endMs);
      if (sample.atMs - window.endMs <= rule.pastMs) {
        if (window.endMs >= (young.get(one.key)?.windowEndMs ?? 0)) young.set(one.key, finding);
      } else if (transitions.length < LATE_BREACHES_MAX) {
        past.push({ endMs: window.endMs, labels: one.labels });
        transitions.push(lateBreach(rule.id, finding, sample.atMs));
      }
    }
  }
  return { young, past, transitions };
}

function lateBreach(ruleId: string, finding: Finding, atMs: number): Transition {
  const { condition, labels, windowEndMs, value } = finding;
  return {
    type: "transition",
    ruleId,
    change: "late-breach",
    condition,
    labels,
    atMs,
    windowEndMs,
    value,
    reason: null,
    past: true,
  };
}

function transition(
  ruleId: string,
  series: SeriesState,
  change: Transition["change"],
  atMs: number,
  past: boolean,
): Transition {
  const { condition, labels, windowEndMs, value } = series;
  const reason = change === "resolved" ? (series.ended?.reason ?? null) : null;
  return { type: "transition", ruleId, change, condition, labels, atMs, windowEndMs, value, reason, past };
}
