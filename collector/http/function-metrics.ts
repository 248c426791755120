/** What functions did, for `/metrics`: counters of the day, and how long they took of late. */
import { functionCounters, functionQuantiles, type FunctionCounters } from "../store/queries/function-counters.ts";
import type { Store } from "../store/store.ts";
import { exposition, type Family, type Sample } from "../store/exposition.ts";

/** Functions of one scrape: each has ten lines. */
const FUNCTIONS_MAX = 2_000;
/** Over which quantiles are taken, milliseconds: what a scrape and a rule of some minutes want to know. */
const RECENT_MS = 5 * 60_000;
const QUANTILES = ["0.5", "0.95", "0.99"];
const DAY_MS = 24 * 3_600_000;

/** Counters begin at midnight (UTC), which Prometheus takes for a restart: no sum outlives the retention. */
const SINCE = "since midnight UTC";

/** The lines; where the store does not answer, only that. */
export async function functionMetrics(store: Store, nowMs: number): Promise<string> {
  const to = new Date(nowMs).toISOString();
  const [today, recent] = [nowMs - (nowMs % DAY_MS), nowMs - RECENT_MS].map((ms) => new Date(ms).toISOString());
  try {
    const limit = FUNCTIONS_MAX + 1;
    const [all, quantiles] = await Promise.all([
      functionCounters(store, { from: today as string, to, limit }),
      functionQuantiles(store, { from: recent as string, to, limit }),
    ]);
    const counted = all.slice(0, FUNCTIONS_MAX);
    const isCut = Math.max(all.length, quantiles.length) > FUNCTIONS_MAX;
    const durations = durationFamily(counted, quantiles.slice(0, FUNCTIONS_MAX));
    return exposition([upFamily(1), cutFamily(isCut), ...counterFamilies(counted), durations]);
  } catch {
    return exposition([upFamily(0)]);
  }
}

function upFamily(value: 0 | 1): Family {
  return { name: "hopscope_store_up", type: "gauge", help: "Whether the store answers.", samples: [{ value }] };
}

function cutFamily(isCut: boolean): Family {
  const help = `1 where more than ${String(FUNCTIONS_MAX)} functions ran, of which the others, by name, are left out here.`;
  return { name: "hopscope_functions_truncated", type: "gauge", help, samples: [{ value: isCut ? 1 : 0 }] };
}

function counterFamilies(counted: readonly FunctionCounters[]): Family[] {
  const counter = (name: string, help: string, value: (of: FunctionCounters) => number): Family => ({
    name: `hopscope_function_${name}_total`,
    type: "counter",
    help: `${help} ${SINCE}.`,
    samples: counted.map((of) => ({ labels: labelsOf(of), value: value(of) })),
  });
  return [
    counter("invocations", "Invocations", ({ invocations }) => invocations),
    counter("errors", "Invocations that failed", ({ errors }) => errors),
    counter("timeouts", "Invocations that timed out", ({ timeouts }) => timeouts),
    counter("cold_starts", "Invocations that waited for a cold start", ({ coldStarts }) => coldStarts),
    counter("gb_seconds", "Memory limit times duration, gigabyte-seconds,", ({ gbSeconds }) => gbSeconds),
  ];
}

type Quantiles = Awaited<ReturnType<typeof functionQuantiles>>;

function durationFamily(counted: readonly FunctionCounters[], quantiles: Quantiles): Family {
  const recent: Sample[] = quantiles.flatMap(({ quantilesMs, ...of }) =>
    QUANTILES.map((quantile, at) => {
      return { labels: { ...labelsOf(of), quantile }, value: (quantilesMs[at] ?? NaN) / 1000 };
    }),
  );
  const sums: Sample[] = counted.flatMap((of) => [
    { suffix: "_sum", labels: labelsOf(of), value: of.durationMsSum / 1000 },
    { suffix: "_count", labels: labelsOf(of), value: of.invocations },
  ]);
  const help =
    `Durations of invocations: quantiles of the last five minutes, sum and count ${SINCE}; ` +
    "the count has those of traces that were not sampled, too.";
  return { name: "hopscope_function_duration_seconds", type: "summary", help, samples: [...recent, ...sums] };
}

function labelsOf({ service, name }: { readonly service: string; readonly name: string }): Record<string, string> {
  return { service, function: name };
}
