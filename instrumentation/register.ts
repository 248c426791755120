/**
 * Tracing without a change to the code: `NODE_OPTIONS="--import hopscope/register"`. The Lambda handler named by
 * `_HANDLER` is wrapped by a module that stands in for it; clients of the AWS SDK v3 are traced at their first
 * call, by one expression put into the SDK's own `send` as it is loaded, bundled into the function or not.
 *
 * @see https://nodejs.org/api/module.html#moduleregisterhooksoptions
 */
import { createRequire, Module, register } from "node:module";
import { tracedClient } from "./index.ts";
import type * as Imports from "./optional/imports.ts";
import { interceptHandler } from "./platforms/intercept-handler.ts";

/** This very file, of the built package. */
declare const __filename: string | undefined;

/** Where the patched `send` finds us. */
const HOOK = "hopscope.client";
/** The same in the SDK's own files and in a minified bundle of them: names of members are kept. */
const SEND = /\.resolveMiddleware\(\s*this\.middlewareStack\b/g;

interface LoadResult {
  readonly format?: string | null;
  readonly source?: unknown;
}
type NextLoad = (url: string, context: unknown) => LoadResult;
interface ModuleInternals {
  readonly registerHooks?: (hooks: { load(url: string, context: unknown, next: NextLoad): LoadResult }) => void;
  readonly prototype: { _compile(content: string, ...rest: unknown[]): unknown };
}

function patchSource(source: string): string {
  if (!source.includes(".resolveMiddleware(")) return source;
  return source.replace(SEND, `.resolveMiddleware((globalThis[Symbol.for("${HOOK}")]?.(this),this.middlewareStack)`);
}

function patchCommonJs(internals: ModuleInternals): void {
  const compile = internals.prototype._compile;
  internals.prototype._compile = function (content, ...rest) {
    const source = typeof content === "string" ? patchSource(content) : content;
    return compile.call(this, source, ...rest);
  };
}

function patchModules(internals: ModuleInternals): void {
  if (!internals.registerHooks) {
    // Node 20: hooks run on a thread of their own, from a module of their own.
    const code = `export async function load(url, context, next) {
  const result = await next(url, context);
  if (result.format !== "module" || !result.source) return result;
  const source = result.source.toString();
  return { ...result, source: source.replace(${String(SEND)}, ${JSON.stringify(patchSource(".resolveMiddleware(this.middlewareStack"))}) };
}`;
    register(`data:text/javascript,${encodeURIComponent(code)}`);
    return;
  }
  internals.registerHooks({
    load(url, context, next) {
      const result = next(url, context);
      if (result.format !== "module" || !result.source) return result;
      const text = result.source instanceof Uint8Array ? Buffer.from(result.source).toString() : result.source;
      return typeof text === "string" ? { ...result, source: patchSource(text) } : result;
    },
  });
}

/** Read, at once, only where it is asked for. */
function traceImports(given: string): void {
  const here = typeof __filename === "string" ? __filename : import.meta.url;
  try {
    (createRequire(here)("./imports.cjs") as typeof Imports).traceImports(given);
  } catch (error) {
    console.warn("hopscope: HOPSCOPE_TRACE_IMPORTS is ignored:", error);
  }
}

if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() !== "true") {
  (globalThis as Record<symbol, unknown>)[Symbol.for(HOOK)] = tracedClient;
  const internals = Module as unknown as ModuleInternals;
  patchCommonJs(internals);
  patchModules(internals);
  interceptHandler();
  const given = process.env.HOPSCOPE_TRACE_IMPORTS;
  if (given) traceImports(given);
}
