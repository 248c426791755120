/** `/metrics`: the collector's own numbers and those of functions, in the Prometheus text format. */
import { Hono } from "hono";
import type { Store } from "../store/store.ts";
import { exposition } from "../store/exposition.ts";
import { functionMetrics } from "./function-metrics.ts";

/** What a scrape is made of. */
export interface MetricsOptions {
  readonly store: Store;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Lines that the parts of the collector add. */
  readonly parts: readonly (() => string)[];
}

/** Numbers of the process, what the parts of the collector add, and what functions did. */
export function metricsRoutes({ store, now, parts }: MetricsOptions): Hono {
  const app = new Hono();
  app.get("/metrics", async (context) => {
    const own = [processMetrics(), ...parts.map((part) => part())];
    const text = [...own, await functionMetrics(store, now())].join("");
    return context.body(text, 200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
  });
  return app;
}

/** As Prometheus' own clients have it. */
const startTimeS = performance.timeOrigin / 1000;

function processMetrics(): string {
  const { user, system } = process.cpuUsage();
  const gauge = (name: string, help: string, value: number) =>
    ({ name, type: "gauge", help, samples: [{ value }] }) as const;
  return exposition([
    gauge("process_resident_memory_bytes", "Memory of the collector's process.", process.memoryUsage.rss()),
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "Processor time of the collector's process.",
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge("process_start_time_seconds", "When the collector's process began, since 1970.", startTimeS),
  ]);
}
