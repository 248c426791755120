import type { Sample } from "../engine/types.ts";
import type { CompiledRule } from "../rules/compiled.ts";

/** Samples by evaluation (milliseconds) and rule id; each has a sample or an error, never neither. */
export type Samples = ReadonlyMap<number, ReadonlyMap<string, Sample>>;

/** The samples of several evaluations, as they come in. */
export class Taken {
  /** The evaluations, seconds since the epoch. */
  readonly ticksS: readonly number[];
  readonly #samples: ReadonlyMap<number, Map<string, Sample>>;

  constructor(ticksMs: readonly number[]) {
    this.ticksS = ticksMs.map((ms) => ms / 1000);
    this.#samples = new Map(ticksMs.map((ms) => [ms, new Map<string, Sample>()]));
  }

  get samples(): Samples {
    return this.#samples;
  }

  put({ rule }: CompiledRule, tickS: number, sample: Omit<Sample, "atMs">): void {
    this.#samples.get(tickS * 1000)?.set(rule.id, { atMs: tickS * 1000, ...sample });
  }

  /** Samples rules at some evaluations; where that throws, it is their sample's error. */
  async attempt(rules: readonly CompiledRule[], sample: () => Promise<void>, ticksS = this.ticksS): Promise<void> {
    try {
      await sample();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      for (const tickS of ticksS) {
        const failed = { windowEndMs: tickS * 1000, series: [], error: { kind: "query", message } } as const;
        for (const rule of rules) this.put(rule, tickS, failed);
      }
    }
  }
}
