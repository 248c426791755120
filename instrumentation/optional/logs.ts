/**
 * The active trace in log lines, by the names that OpenTelemetry has for logs in other formats than its own. Loaded
 * where somebody imports `hopscope/logs`, and where `HOPSCOPE_LOG_CONTEXT=true`.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/
 */
import type { Context, ContextManager, SpanContext } from "@opentelemetry/api";
import { spanOf } from "../core/context.ts";
import { guarded } from "../core/report.ts";
import { isValidContext } from "../core/trace-parent.ts";
import { VERSION } from "../core/version.ts";
import type { TraceFields, TraceFormat } from "../log-types.ts";

/** Methods of `console` that write a line; `fatal` is one of Lambda's. */
const METHODS = ["trace", "debug", "info", "log", "warn", "error", "fatal"];
/** Longest line that is looked at for being JSON, in characters: more than CloudWatch takes. */
const JSON_LINE_CHARS_MAX = 1_048_576;
const ENRICHED = Symbol.for("hopscope.console");

type Method = (...args: unknown[]) => unknown;

interface Globals {
  readonly [key: symbol]: { readonly contexts?: ContextManager; readonly context?: ContextManager } | undefined;
}

/** The active span's `trace_id`, `span_id` and `trace_flags`; empty where none is active. Never throws. */
export function traceFields(): TraceFields {
  return guarded("reading the active span", readFields, {});
}

function readFields(): TraceFields {
  const context = activeContext();
  const span = context && spanOf(context)?.spanContext();
  if (!span || !isValidContext(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId, trace_flags: flagsOf(span) };
}

/** The context of our own tracing, else of whoever implements the OpenTelemetry API. */
function activeContext(): Context | undefined {
  const globals = globalThis as unknown as Globals;
  const ours = globals[Symbol.for(`hopscope.${VERSION}.tracing`)]?.contexts;
  return (ours ?? globals[Symbol.for("opentelemetry.js.api.1")]?.context)?.active();
}

const flagsOf = ({ traceFlags }: SpanContext): string => traceFlags.toString(16).padStart(2, "0");

/** A format for winston: adds {@link traceFields} to every line that has none of its own. */
export function traceFormat(): TraceFormat {
  return {
    transform: (info) => {
      for (const [name, value] of Object.entries(traceFields())) {
        (info as Record<string, unknown>)[name] ??= value;
      }
      return info;
    },
  };
}

/**
 * Makes every line of `console` say which trace it belongs to: lines of JSON and, in Lambda's JSON log format,
 * objects and errors get the fields of {@link traceFields}; any other line begins with them. Lines outside of a span
 * stay as they are. A second call changes nothing.
 */
export function enrichConsole(): void {
  const target = console as unknown as Record<string | symbol, unknown>;
  if (target[ENRICHED]) return;
  Object.defineProperty(target, ENRICHED, { value: true });
  for (const name of METHODS) {
    const original = target[name] as Method | undefined;
    if (typeof original !== "function") continue;
    target[name] = function (this: unknown, ...args: unknown[]): unknown {
      return original.apply(this, guarded("adding the trace to a log line", () => enrich(args), args));
    };
  }
}

function enrich(args: unknown[]): unknown[] {
  const fields = traceFields();
  if (!fields.trace_id || args.length === 0) return args;
  const [first, ...rest] = args;
  if (rest.length === 0) {
    const line = typeof first === "string" ? intoJson(first, fields) : intoObject(first, fields);
    if (line !== undefined) return [line];
  }
  // At the beginning, where no placeholder of a format can take it for its own value.
  const prefix = Object.entries(fields).map(([name, value]) => `${name}=${value}`).join(" ");
  return typeof first === "string" ? [`${prefix} ${first}`, ...rest] : [prefix, ...args];
}

/** A line that is a JSON object, with the fields at its end and otherwise to the letter; else undefined. */
function intoJson(line: string, fields: TraceFields): string | undefined {
  const text = line.trimEnd();
  if (!text.startsWith("{") || !text.endsWith("}") || text.length > JSON_LINE_CHARS_MAX) return undefined;
  try {
    const content = JSON.parse(text) as object;
    if (Object.hasOwn(content, "trace_id")) return line;
    const members = JSON.stringify(fields).slice(1);
    return `${text.slice(0, -1)}${Object.keys(content).length > 0 ? "," : ""}${members}`;
  } catch {
    return undefined;
  }
}

/** A copy with the fields, for what Lambda's JSON log format writes as an object; else undefined. */
function intoObject(value: unknown, fields: TraceFields): object | undefined {
  if (process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() !== "JSON") return undefined;
  if (value instanceof Error) return Object.assign(Object.create(value) as object, value, { ...fields, ...value });
  if (typeof value !== "object" || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? { ...fields, ...value } : undefined;
}
