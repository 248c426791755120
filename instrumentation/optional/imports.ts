/**
 * How long modules take to load, for children of the init span. `hopscope/register` loads this where
 * `HOPSCOPE_TRACE_IMPORTS` asks for it, before anything of the function is loaded. A CommonJS module's time is that of
 * all it requires too; an ES module's, on Node 22.15 and later, is that of its own evaluation.
 *
 * @see https://nodejs.org/api/module.html#moduleregisterhooksoptions
 */
import { Module } from "node:module";
import { dirname, join } from "node:path";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { nowMs } from "../core/clock.ts";
import { withSpan } from "../core/context.ts";
import { report } from "../core/report.ts";
import { shared } from "../core/shared.ts";

/** Loads that become spans unless the user says how many. */
const IMPORTS = 10;
/** Most that can be asked for. */
const IMPORTS_MAX = 100;
/** Shorter loads are of no interest, milliseconds. */
const DURATION_MIN_MS = 1;
/** Where an instrumented ES module says that it was evaluated. */
const EVALUATED = "hopscope.imports.evaluated";

/** One load. */
interface Load {
  readonly name: string;
  readonly startMs: number;
  endMs: number;
  /** The load that caused this one. */
  readonly cause: Load | undefined;
}

interface LoadResult {
  readonly format?: string | null;
  readonly source?: unknown;
}
type NextLoad = (url: string, context: unknown) => LoadResult;
interface ModuleInternals {
  _load(request: string, parent: { filename?: string } | undefined, ...rest: unknown[]): unknown;
  readonly registerHooks?: (hooks: { load(url: string, context: unknown, next: NextLoad): LoadResult }) => {
    deregister(): void;
  };
}

/** How the platform gets at what was recorded. */
export interface Imports {
  /** Starts a span for each of the slowest loads, below the span of `init`, and records no more. */
  write?: ((tracer: Tracer, init: Context) => void) | undefined;
}

/** Records from here on; `given` is what the environment variable says. */
export function traceImports(given: string): void {
  const most = readCount(given);
  if (most === 0) return;
  const slowest = new Slowest(most);
  const internals = Module as unknown as ModuleInternals;
  const restore = [recordRequires(internals, slowest), recordEvaluations(internals, slowest)];
  const imports = shared<Imports>("imports", () => ({}));
  imports.write = (tracer, init) => {
    imports.write = undefined;
    for (const undo of restore) undo();
    slowest.write(tracer, init);
  };
}

function readCount(given: string): number {
  const text = given.trim().toLowerCase();
  if (text === "" || text === "false") return 0;
  if (text === "true") return IMPORTS;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0 && count <= IMPORTS_MAX) return count;
  report(`HOPSCOPE_TRACE_IMPORTS must be true, false or a number up to ${IMPORTS_MAX}, not "${given}"; it is ignored`);
  return 0;
}

/** The slowest loads so far. */
class Slowest {
  readonly #most: number;
  #loads: Load[] = [];
  /** When the last load ended, or the last module was read: the next evaluation starts no earlier. */
  idleSinceMs = nowMs();

  constructor(most: number) {
    this.#most = most;
  }

  add(load: Load): void {
    this.idleSinceMs = load.endMs;
    if (duration(load) < DURATION_MIN_MS) return;
    this.#loads.push(load);
    // Twice as many as are wanted are kept, so that sorting is rare.
    if (this.#loads.length >= 2 * this.#most) this.#loads = this.#best();
  }

  write(tracer: Tracer, init: Context): void {
    const spans = new Map<Load, Span>();
    for (const load of this.#best().toSorted((a, b) => a.startMs - b.startMs)) {
      const cause = nearest(load, spans);
      const context = cause ? withSpan(init, cause) : init;
      spans.set(load, tracer.startSpan(`import ${load.name}`, { startTime: load.startMs }, context));
    }
    for (const [load, span] of spans) span.end(load.endMs);
  }

  #best(): Load[] {
    return this.#loads.toSorted((a, b) => duration(b) - duration(a)).slice(0, this.#most);
  }
}

function duration({ startMs, endMs }: Load): number {
  return endMs - startMs;
}

/** The span of the nearest load that caused this one. */
function nearest(load: Load, spans: ReadonlyMap<Load, Span>): Span | undefined {
  for (let cause = load.cause; cause; cause = cause.cause) {
    const span = spans.get(cause);
    if (span) return span;
  }
  return undefined;
}

function recordRequires(internals: ModuleInternals, slowest: Slowest): () => void {
  const original = internals._load;
  let current: Load | undefined;
  const recording: ModuleInternals["_load"] = function (this: unknown, request, parent, ...rest) {
    const cause = current;
    const load: Load = { name: nameOf(request, parent?.filename), startMs: nowMs(), endMs: 0, cause };
    current = load;
    try {
      return original.call(this as ModuleInternals, request, parent, ...rest);
    } finally {
      current = cause;
      load.endMs = nowMs();
      slowest.add(load);
    }
  };
  internals._load = recording;
  return () => {
    if (internals._load === recording) internals._load = original;
  };
}

/**
 * ES modules of a graph are evaluated one after the other, each after what it imports: one has begun when the one
 * before it ended. So it is enough that each says at its end that it did.
 */
function recordEvaluations(internals: ModuleInternals, slowest: Slowest): () => void {
  const globals = globalThis as Record<symbol, unknown>;
  const key = Symbol.for(EVALUATED);
  globals[key] = (url: string): void => {
    slowest.add({ name: nameOf(url), startMs: slowest.idleSinceMs, endMs: nowMs(), cause: undefined });
  };
  const hooks = internals.registerHooks?.({
    load(url, context, next) {
      const result = next(url, context);
      slowest.idleSinceMs = nowMs();
      const { format, source } = result;
      if (format !== "module" || !source || !url.startsWith("file:")) return result;
      const text = source instanceof Uint8Array ? Buffer.from(source).toString() : source;
      if (typeof text !== "string") return result;
      // At the end, where it moves no line that a stack trace or a source map names.
      return { ...result, source: `${text}\n;globalThis[Symbol.for("${EVALUATED}")]?.(${JSON.stringify(url)});` };
    },
  });
  return () => {
    delete globals[key];
    hooks?.deregister();
  };
}

/** What people call a module: `@aws-sdk/client-sns`, or the path of a file of theirs. */
function nameOf(request: string, parent?: string): string {
  const path = request.startsWith("file:") ? decodeURI(new URL(request).pathname) : request;
  const whole = parent && /^\.{1,2}(?:\/|$)/.test(path) ? join(dirname(parent), path) : path;
  const packages = whole.lastIndexOf("/node_modules/");
  if (packages >= 0) return whole.slice(packages + "/node_modules/".length);
  const root = `${process.env.LAMBDA_TASK_ROOT ?? process.cwd()}/`;
  return whole.startsWith(root) ? whole.slice(root.length) : whole;
}
