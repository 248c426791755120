import { evaluateAll, type Outcome, type Situation } from "./evaluate-all.ts";
import type { DependencyReader } from "../upstream/load.ts";
import { hasSilence, upstreamMutes, type UpstreamMutes } from "../upstream/explain.ts";

/** An evaluation, and which of its alerts about silence another one further up explains. */
export interface Explained {
  readonly outcome: Outcome;
  readonly upstream: UpstreamMutes;
}

const NOTHING: UpstreamMutes = new Map();

/**
 * Evaluates all rules; where some alert about silence fires, once more with those muted that it explains. Which fire
 * does not depend on what is muted, so the second look finds the same.
 */
export async function evaluateExplained(situation: Situation, reader: DependencyReader): Promise<Explained> {
  const outcome = evaluateAll(situation);
  const { rules, atMs } = situation;
  if (!hasSilence(rules, outcome.states)) return { outcome, upstream: NOTHING };
  const upstream = upstreamMutes(rules, outcome.states, await reader.at(atMs), atMs);
  if (upstream.size === 0) return { outcome, upstream };
  return { outcome: evaluateAll({ ...situation, upstream }), upstream };
}
