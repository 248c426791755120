/** `/metrics`: the collector's own numbers, in the Prometheus text format. */
import { Hono } from "hono";

/** Numbers of the process, then what the parts of the collector add. */
export function metricsRoutes(parts: readonly (() => string)[]): Hono {
  const app = new Hono();
  app.get("/metrics", (context) => {
    const { rss } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const lines = [
      "# TYPE process_resident_memory_bytes gauge",
      `process_resident_memory_bytes ${String(rss)}`,
      "# TYPE process_cpu_seconds_total counter",
      `process_cpu_seconds_total ${String((user + system) / 1e6)}`,
      "# TYPE process_uptime_seconds gauge",
      `process_uptime_seconds ${process.uptime().toFixed(3)}`,
    ];
    const text = [lines.join("\n"), ...parts.map((part) => part().trimEnd())].filter((part) => part !== "").join("\n");
    return context.body(`${text}\n`, 200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
  });
  return app;
}
