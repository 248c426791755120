/**
 * How late the event loop comes to what is due: what a reader waits for beside their query, while spans pour in. It is
 * what `/metrics` shows, of the last whole minute, so that two who scrape see the same.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Family } from "../store/exposition.ts";

/** Between two looks, ms: some fifty wake-ups a second, which cost nothing that could be measured. */
const resolutionMs = 20;
/** How long values are gathered, ms. */
const windowMs = 60_000;
const QUANTILES = [0.5, 0.99, 1] as const;

/** Measures from now on. */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timer: NodeJS.Timeout;
  #lastS: readonly number[] | undefined;

  constructor() {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#lastS = this.#quantilesS();
      this.#histogram.reset();
    }, windowMs).unref();
  }

  /** For `/metrics`; before the first minute is over, what there is of it. */
  family(): Family {
    const values = this.#lastS ?? this.#quantilesS();
    return {
      name: "hopscope_event_loop_delay_seconds",
      type: "summary",
      help: "How late the collector comes to what is due, of the last whole minute.",
      samples: QUANTILES.map((quantile, at) => ({ labels: { quantile: String(quantile) }, value: values[at] ?? 0 })),
    };
  }

  /** Stops measuring. */
  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #quantilesS(): readonly number[] {
    return QUANTILES.map((quantile) => {
      const ns = this.#histogram.percentile(quantile * 100);
      // It counts from look to look.
      return Math.max(0, ns / 1e9 - resolutionMs / 1000);
    });
  }
}
