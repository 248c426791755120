/**
 * A silent upstream mutes its downstream: which alerts about silence are explained by another that fires further up.
 * What is explained is not told; what the upstream does not account for is.
 */
import { seriesKey } from "../engine/series-key.ts";
import type { Labels, RuleState, SeriesState } from "../engine/types.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { nodeKey, type CodeNode, type Dependencies } from "./dependencies.ts";

/** `silent`: nothing at all. `fewer`: less than usual or expected. */
type Level = "silent" | "fewer";

/**
 * Share of what fed a node that must be accounted for. Silence needs nearly all: what still comes from elsewhere
 * should be heard. A drop needs the half.
 */
const EXPLAINED_SHARE: Readonly<Record<Level, number>> = { silent: 0.9, fewer: 0.5 };

/** By rule id and series: the words that say which upstream explains it. */
export type UpstreamMutes = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Whether a rule may have alerts about silence that this works on. */
function isAboutSilence({ metric, rule }: CompiledRule): boolean {
  if (metric.scope.attributes !== undefined || metric.source !== "function") return false;
  return SILENCE_KINDS.has(metric.kind) || rule.noData.policy === "alert";
}
const SILENCE_KINDS: ReadonlySet<string> = new Set(["no-data", "throughput-drop", "expected"]);

/** Whether at least one alert about silence fires: only then it matters who feeds whom. */
export function hasSilence(
  rules: readonly CompiledRule[],
  states: ReadonlyMap<string, RuleState | null>,
): boolean {
  return rules.some(
    (rule) =>
      isAboutSilence(rule) &&
      Object.values(states.get(rule.rule.id)?.series ?? {}).some((one) => one.phase === "firing" && levelOf(rule, one)),
  );
}

/** The alerts that fire and are explained by another one further up, in the given states. */
export function upstreamMutes(
  rules: readonly CompiledRule[],
  states: ReadonlyMap<string, RuleState | null>,
  dependencies: Dependencies,
  atMs: number,
): UpstreamMutes {
  const mutes = new Map<string, Map<string, string>>();
  const about = rules.filter(isAboutSilence);
  for (const target of about) {
    if (!target.mutedByUpstream) continue;
    let explanation: Explanation | undefined;
    for (const [key, series] of Object.entries(states.get(target.rule.id)?.series ?? {})) {
      const level = series.phase === "firing" ? levelOf(target, series) : undefined;
      if (level === undefined) continue;
      const graceMs = target.metric.windowMs;
      explanation ??= new Explanation(sourcesOf(about, states, dependencies, { atMs, graceMs }), dependencies);
      const by = explanation.of(nodesOf(series.labels, dependencies), level);
      if (by === undefined) continue;
      const ofRule = mutes.get(target.rule.id) ?? new Map<string, string>();
      mutes.set(target.rule.id, ofRule.set(key, by));
    }
  }
  return mutes;
}

interface Source {
  readonly level: Level;
  readonly words: string;
}

/**
 * The nodes that are silent or get fewer, as their alerts say. One that ended counts for a window longer: so long
 * the windows of those it feeds still hold its silence.
 */
function sourcesOf(
  rules: readonly CompiledRule[],
  states: ReadonlyMap<string, RuleState | null>,
  dependencies: Dependencies,
  { atMs, graceMs }: { atMs: number; graceMs: number },
): Map<string, Source> {
  const sources = new Map<string, Source>();
  for (const rule of rules) {
    for (const series of Object.values(states.get(rule.rule.id)?.series ?? {})) {
      const endedMs = series.phase === "ok" ? series.ended?.atMs : undefined;
      const isDown = series.phase === "firing" || (endedMs !== undefined && atMs - endedMs < graceMs);
      const level = isDown ? levelOf(rule, series) : undefined;
      if (level === undefined) continue;
      for (const node of nodesOf(series.labels, dependencies)) {
        if (sources.get(node)?.level === "silent") continue;
        sources.set(node, { level, words: `${wordsOf(series.labels)} (${rule.sourceId})` });
      }
    }
  }
  return sources;
}

/** What a series says about its nodes; undefined where it is not about silence. */
function levelOf({ metric }: CompiledRule, series: SeriesState): Level | undefined {
  if (series.condition === "no-data" || metric.kind === "no-data") return "silent";
  if (!SILENCE_KINDS.has(metric.kind)) return undefined;
  return series.value === 0 ? "silent" : "fewer";
}

/** The keys of the nodes that labels name; none where they name none, or a queue. */
function nodesOf(labels: Labels, { feeds }: Dependencies): string[] {
  const { service, function: name, queue } = labels;
  if ((service === undefined && name === undefined) || queue !== undefined) return [];
  const known = [...feeds].filter(([, { node }]) => fits(node, service, name)).map(([key]) => key);
  // A node that only sends is no feed; its labels name it where they are whole.
  const own = service !== undefined && name !== undefined ? nodeKey({ service, function: name }) : undefined;
  return own === undefined || known.includes(own) ? known : [...known, own];
}

function fits(node: CodeNode, service: string | undefined, name: string | undefined): boolean {
  return (service === undefined || node.service === service) && (name === undefined || node.function === name);
}

function wordsOf(labels: Labels): string {
  return labels["function"] ?? labels["service"] ?? seriesKey(labels);
}

/** Walks up from a node to what is silent above it. */
class Explanation {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #dependencies: Dependencies;

  constructor(sources: ReadonlyMap<string, Source>, dependencies: Dependencies) {
    this.#sources = sources;
    this.#dependencies = dependencies;
  }

  /** Words for what explains that all of the nodes are silent or get fewer; undefined where nothing does. */
  of(nodes: readonly string[], level: Level): string | undefined {
    let words: string | undefined;
    for (const node of nodes) {
      const walk: Walk = { level, circle: this.#dependencies.circles.get(node), found: new Map([[node, undefined]]) };
      words = this.#above(node, walk);
      if (words === undefined) return undefined;
    }
    return words;
  }

  /** What accounts for enough of a node's feed; nodes of the target's own circle never do. */
  #above(key: string, walk: Walk): string | undefined {
    const feed = this.#dependencies.feeds.get(key);
    if (feed === undefined) return undefined;
    let all = feed.unknown;
    let lost = 0;
    let words: string | undefined;
    for (const [upstream, count] of feed.upstreams) {
      if (walk.circle !== undefined && this.#dependencies.circles.get(upstream) === walk.circle) continue;
      all += count;
      const found = this.#lostFrom(upstream, walk);
      if (found === undefined) continue;
      lost += count;
      words ??= found;
    }
    return all > 0 && lost / all >= EXPLAINED_SHARE[walk.level] ? words : undefined;
  }

  /** Why nothing, or less, comes from an upstream: what is furthest up, else its own alert. */
  #lostFrom(key: string, walk: Walk): string | undefined {
    if (walk.found.has(key)) return walk.found.get(key);
    walk.found.set(key, undefined);
    const own = this.#sources.get(key);
    const isEnough = own !== undefined && (own.level === "silent" || walk.level === "fewer");
    const words = this.#above(key, walk) ?? (isEnough ? own.words : undefined);
    walk.found.set(key, words);
    return words;
  }
}

/** One way up from a target. */
interface Walk {
  readonly level: Level;
  readonly circle: number | undefined;
  /** What was found of each node; of one that is still being looked at, nothing: circles end there. */
  readonly found: Map<string, string | undefined>;
}
