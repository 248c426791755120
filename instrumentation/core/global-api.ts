/**
 * The OpenTelemetry API's global registration: every copy of `@opentelemetry/api` 1.x in a process looks for its
 * implementation there, so ours is theirs without our loading the API (12 to 20 ms of a cold start).
 *
 * @see https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
 */
import type { ContextManager, TextMapPropagator, TracerProvider } from "@opentelemetry/api";
import { installedVersion } from "./for-api.ts";

const API_KEY = Symbol.for("opentelemetry.js.api.1");
/**
 * Version that we say to implement where the user's copy cannot be found: a copy takes any of a minor version not
 * below its own.
 */
const ANY_VERSION = "1.99.0";

interface GlobalApi {
  readonly version?: string;
  trace?: TracerProvider;
  context?: ContextManager;
  propagation?: TextMapPropagator;
}

/** What implements the API. */
export interface Implementation {
  readonly trace: TracerProvider;
  readonly context: ContextManager;
  readonly propagation: TextMapPropagator;
}

/** Where no copy of the API was before us: looks for one when a copy asks, as most functions have none. */
function emptyApi(): GlobalApi {
  let version: string | undefined;
  return {
    get version() {
      return (version ??= installedVersion() ?? ANY_VERSION);
    },
  };
}

/** Registers `ours` wherever the API has no implementation yet. */
export function provideApi(ours: Implementation): void {
  const globals = globalThis as { [API_KEY]?: GlobalApi };
  // An object of the version that is installed lets that copy register more (metrics, logs) beside ours.
  const api = (globals[API_KEY] ??= emptyApi());
  if (api.trace) return;
  api.trace = ours.trace;
  api.context ??= ours.context;
  api.propagation ??= ours.propagation;
  // Tracers that a copy of the API gave away before ask its proxy. One that was loaded as an ES module is out of reach.
  const loaded = typeof module === "object" ? (module.constructor as ModuleInternals)._cache : undefined;
  for (const path in loaded) {
    if (/opentelemetry.api.(build.src|dist).index.c?js$/.test(path)) {
      loaded[path]?.exports.trace?._proxyTracerProvider?.setDelegate?.(ours.trace);
    }
  }
}

/** CommonJS modules that are loaded already, by path, as far as they are the API's. */
interface ModuleInternals {
  readonly _cache?: Readonly<Record<string, { readonly exports: ApiExports } | undefined>>;
}

interface ApiExports {
  readonly trace?: { readonly _proxyTracerProvider?: { setDelegate?(provider: TracerProvider): void } };
}

/** The implementation that somebody else registered, or undefined. */
export function foreignApi(ours: TracerProvider): GlobalApi | undefined {
  const api = (globalThis as { [API_KEY]?: GlobalApi })[API_KEY];
  return api?.trace && api.trace !== ours ? api : undefined;
}
