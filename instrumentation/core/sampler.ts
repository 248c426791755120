import type { SamplerName } from "./config.ts";
import type { Sampler } from "./start-span.ts";

/** Span of the first 32 bits of a trace id. */
const WORD = 0x1_0000_0000;

/**
 * The sampler that `OTEL_TRACES_SAMPLER` names. A ratio decides by the trace id alone, so every service
 * with the same ratio keeps the same traces.
 */
export function makeSampler(name: SamplerName, ratio: number): Sampler {
  const kept = ratio * WORD;
  const root = (traceId: string): boolean => {
    if (name.endsWith("always_on")) return true;
    if (name.endsWith("always_off")) return false;
    return Number.parseInt(traceId.slice(-8), 16) < kept;
  };
  if (!name.startsWith("parentbased_")) return root;
  return (traceId, parent) => (parent ? (parent.traceFlags & 1) === 1 : root(traceId));
}
