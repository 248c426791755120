import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Two even on one core: most tests wait for a server or a child process for part of their time. */
const workersMax = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    // Starts one ClickHouse for the whole run, when the first test asks for it.
    globalSetup: ["./test/support/clickhouse.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{schema,instrumentation,collector,examples,scripts}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          maxWorkers: workersMax,
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: "./ui/vite.config.ts",
        test: {
          name: "ui",
          include: ["ui/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          maxWorkers: workersMax,
        },
      },
      {
        // Whole systems of several processes: one file after another, when the others are done.
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
