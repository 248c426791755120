/** What copies of the OpenTelemetry API ask for: read where a function has one. */
import { existsSync, readFileSync } from "node:fs";
import type { Context, TextMapGetter, TextMapSetter } from "@opentelemetry/api";
import { formatBaggage, withBaggage } from "./baggage.ts";
import type { Config } from "./config.ts";
import { spanOf } from "./context.ts";
import { carry, CARRIED, continued } from "./propagation.ts";
import { parseTraceParent } from "./trace-parent.ts";

/** Writes the W3C headers of what is active in `context`. */
export function injectContext(config: Config, context: Context, carrier: unknown, setter: TextMapSetter): void {
  const span = spanOf(context);
  const carried = { ...(span && carry(span, config)), baggage: formatBaggage(context) };
  for (const name of CARRIED) if (carried[name]) setter.set(carrier, name, carried[name]);
}

/** `context` with what W3C headers say. */
export function extractContext(context: Context, carrier: unknown, getter: TextMapGetter): Context {
  const get = (name: string): string | undefined => {
    const value = getter.get(carrier, name);
    return Array.isArray(value) ? value[0] : value;
  };
  const remote = parseTraceParent(get("traceparent"), get("tracestate"));
  return withBaggage(remote ? continued(context, remote) : context, get("baggage"));
}

/** Version of the OpenTelemetry API that lies beside the function; undefined where there is none of 1.x. */
export function installedVersion(): string | undefined {
  for (const root of [process.env.LAMBDA_TASK_ROOT, process.cwd()]) {
    const path = `${root}/node_modules/@opentelemetry/api/package.json`;
    if (!existsSync(path)) continue;
    try {
      const { version } = JSON.parse(readFileSync(path, "utf8")) as { version?: unknown };
      if (typeof version === "string" && version.startsWith("1.")) return version;
    } catch {
      // Unreadable: as if it were not there.
    }
  }
  return undefined;
}
