/** @type {import("knip").KnipConfig} */
export default {
  // A type in the signature of an exported function is exported for readers, used elsewhere or not.
  ignoreExportsUsedInFile: { interface: true, type: true },
  workspaces: {
    ".": {
      entry: ["scripts/*.mjs", "bench/**/main.ts", "test/**/*.test.ts"],
      // Run by path, in scripts/checks.mjs.
      ignoreDependencies: ["@arethetypeswrong/cli"],
      project: ["scripts/**/*.{mjs,ts}", "bench/**/*.ts", "test/**/*.ts"],
    },
    schema: { project: ["**/*.ts"] },
    instrumentation: {
      // Handlers and programs are started by path, each in a process of its own.
      entry: ["{index,register,lambda-handler}.ts", "build.mjs", "testing/{functions,programs}/*.{mjs,cjs}"],
      project: ["**/*.{ts,mjs,cjs}"],
      // Imported by the examples of the guides, which a test compiles.
      ignoreDependencies: ["@types/aws-lambda"],
    },
    // The kernel's sources are AssemblyScript.
    collector: { entry: ["store/server-child.mjs"], project: ["**/*.{ts,mjs}", "!ingest/kernel/*.ts"] },
    ui: { project: ["**/*.{ts,tsx}"] },
    "examples/local-cloud": { project: ["**/*.{ts,mjs}"] },
    // Functions and container are started by path, each in a process of its own.
    "examples/checkout": { entry: ["main.ts", "functions/*.ts", "inventory/main.ts"], project: ["**/*.ts"] },
  },
};
