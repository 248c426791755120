/** How many traces are read for a page of flows: as few as fill it, by what it took until then. */
import type { Store } from "../store/store.ts";

/** Traces read together, at least: below it a query costs the same. */
const TRACES_PER_READ_MIN = 20;
/** Traces read, and their flows held, together at most. */
const TRACES_PER_READ_MAX = 400;
/** Read beyond what the share says, so that a page seldom takes another read. */
const RESERVE = 1.1;
/** Weight of what was seen before a page, against its own. */
const MEMORY = 0.5;

/** Counts traces that were looked at and flows found in them. */
export class TracesPerFlow {
  static readonly #ofStore = new WeakMap<Store, TracesPerFlow>();

  #traces = 0;
  #flows = 0;

  /** What the unfiltered pages of a store have told so far; the last ones count most. */
  static of(store: Store): TracesPerFlow {
    const known = TracesPerFlow.#ofStore.get(store);
    const next = new TracesPerFlow();
    if (known) {
      next.#traces = known.#traces * MEMORY;
      next.#flows = known.#flows * MEMORY;
    }
    TracesPerFlow.#ofStore.set(store, next);
    return next;
  }

  /** One more trace. */
  lookedAt(): void {
    this.#traces += 1;
  }

  found(flows: number): void {
    this.#flows += flows;
  }

  /** Traces to read for so many more flows. */
  tracesFor(flows: number): number {
    const perFlow = this.#traces === 0 ? 1 : this.#traces / Math.max(this.#flows, 0.01);
    const wanted = Math.ceil(flows * perFlow * RESERVE);
    return Math.min(Math.max(wanted, TRACES_PER_READ_MIN), TRACES_PER_READ_MAX);
  }
}
