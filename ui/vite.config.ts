import { defineConfig } from "vite";
import { checkFirstViewSize } from "./check-size.ts";
import { fixtureApi } from "./fixtures/api.ts";

/** Where the development server finds the collector. */
const COLLECTOR_URL = process.env["HOPSCOPE_URL"] ?? "http://127.0.0.1:4318";
/** `npm run dev:fixtures` answers `/api` from `fixtures/`, so that the pages can be worked on without a collector. */
const withFixtures = process.env["HOPSCOPE_UI_FIXTURES"] === "1";

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // Fonts and images as files: the collector's content security policy has no `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Not our own sources in api/.
  server: withFixtures ? {} : { proxy: { "^/api/(?!.*\\.ts)": COLLECTOR_URL } },
  plugins: [checkFirstViewSize(), ...(withFixtures ? [fixtureApi()] : [])],
});
