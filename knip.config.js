/** @type {import("knip").KnipConfig} */
export default {
  // A type in the signature of an exported function is exported for readers, used elsewhere or not.
  ignoreExportsUsedInFile: { interface: true, type: true },
  workspaces: {
    ".": {
      entry: ["scripts/*.mjs", "bench/**/main.ts", "test/**/*.test.ts", "test/support/clickhouse.ts"],
      project: ["scripts/**/*.{mjs,ts}", "bench/**/*.ts", "test/**/*.ts"],
    },
    schema: { project: ["**/*.ts"] },
    instrumentation: { entry: ["index.ts", "build.mjs"], project: ["**/*.ts"] },
    collector: { entry: ["cli/main.ts", "store/server-child.mjs"], project: ["**/*.{ts,mjs}"] },
    ui: { project: ["**/*.{ts,tsx}"] },
    "examples/local-cloud": { project: ["**/*.{ts,mjs}"] },
    "examples/checkout": { entry: ["main.ts"], project: ["**/*.ts"] },
  },
};
