/**
 * Import directions (ARCHITECTURE.md draws them):
 * ui -> schema; collector -> schema; instrumentation -> schema's attribute names;
 * inside the collector cli -> http -> {ingest, alert, flow} -> store -> schema, flow on schema alone.
 */
const rooms = "^(schema|instrumentation|collector|ui|examples|test|bench|scripts)/";
const test = "\\.test\\.tsx?$";

/** A rule: what lies in `from`, tests apart, imports of the project nothing but itself and what `allowed` says. */
const only = (name, from, allowed, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from, pathNot: test },
  to: { path: rooms, pathNot: [from, ...allowed] },
});

const directions = [
  only("schema-alone", "^schema/", [], "What everyone agrees on depends on no one."),
  only("ui-schema", "^ui/", ["^schema/"], "The UI knows the API's contract and nothing of the collector."),
  only(
    "instrumentation-names",
    "^instrumentation/",
    ["^schema/attributes\\.ts$"],
    "What ships into functions takes names alone.",
  ),
  only("store-schema", "^collector/store/", ["^schema/"], "The store is the lowest room of the collector."),
  only("flow-schema", "^collector/flow/", ["^schema/"], "The flow is pure: no store, no HTTP."),
  only("ingest-store", "^collector/ingest/", ["^collector/store/", "^schema/"], "Ingestion knows no route."),
  only("alert-store", "^collector/alert/", ["^collector/store/", "^schema/"], "Alerts know no route."),
  only(
    "http-rooms",
    "^collector/http/",
    ["^collector/(ingest|alert|flow|store)/", "^schema/"],
    "Routes know the rooms below them.",
  ),
  only("cli-collector", "^collector/cli/", ["^collector/", "^schema/"], "The command imports no example: it spawns one."),
  only("examples-public", "^examples/", ["^instrumentation/"], "An example uses what a user can: the package."),
];

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...directions,
    {
      name: "no-cycles",
      severity: "error",
      comment: "Modules in a ring cannot be read one after another.",
      from: {},
      to: { circular: true },
    },
    {
      name: "leaves",
      severity: "error",
      comment: "Nobody imports examples, benchmarks and system tests but tests.",
      from: { path: "^(schema|instrumentation|collector|ui)/", pathNot: test },
      to: { path: "^(examples|bench|test)/" },
    },
    {
      name: "no-test-code",
      severity: "error",
      comment: "Nothing that runs imports a test.",
      from: { pathNot: [test, "^(test|bench)/"] },
      to: { path: test },
    },
    {
      name: "not-to-unresolvable",
      severity: "error",
      comment: "The file or package does not exist.",
      // The peers that the wrapper is measured beside are installed for that measurement alone.
      from: { pathNot: "^bench/wrapper/subjects/" },
      // The wrapper's own name leads to its build, which a checkout may not have yet.
      to: { couldNotResolve: true, pathNot: "^hopscope$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|\\.hopscope|\\.cache|coverage)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default", "node"] },
  },
};
