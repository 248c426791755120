import { build } from "esbuild";
import { join } from "node:path";

/** Lets CommonJS packages inside an ES module bundle call require. */
const REQUIRE_BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles a TypeScript handler and all that it imports into `directory/index.mjs`, as one would deploy it.
 * Packages resolve as they do for their users (to what is built), not through this workspace's tsconfig paths.
 * Resolves to the directory; rejects with esbuild's message where the bundle fails.
 */
export async function bundleHandler(entry: string, directory: string): Promise<string> {
  await build({
    entryPoints: [entry],
    outfile: join(directory, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE_BANNER },
    sourcemap: "inline",
    sourcesContent: false,
    tsconfigRaw: {},
    logLevel: "silent",
  });
  return directory;
}
