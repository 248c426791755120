import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Starts nothing by itself: the first test that asks for ClickHouse starts it.
    globalSetup: "./test/support/clickhouse.ts",
    projects: [
      { test: { name: "unit", include: ["{schema,instrumentation,collector,examples,scripts}/**/*.test.ts"] } },
      { extends: "./ui/vite.config.ts", test: { name: "ui", include: ["ui/**/*.test.{ts,tsx}"], environment: "happy-dom" } },
      { test: { name: "system", include: ["test/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000 } },
    ],
  },
});
