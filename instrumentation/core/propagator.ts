import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { formatBaggage, withBaggage } from "./baggage.ts";
import type { Config } from "./config.ts";
import { spanOf } from "./context.ts";
import { carry, CARRIED, continued } from "./propagation.ts";
import { parseTraceParent } from "./trace-parent.ts";

/** W3C Trace Context and Baggage for the OpenTelemetry API's `propagation`. */
export class W3cPropagator implements TextMapPropagator {
  readonly #config: () => Config;

  constructor(config: () => Config) {
    this.#config = config;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = spanOf(context);
    const carried = { ...(span && carry(span, this.#config())), baggage: formatBaggage(context) };
    for (const name of CARRIED) if (carried[name]) setter.set(carrier, name, carried[name]);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const get = (name: string): string | undefined => {
      const value = getter.get(carrier, name);
      return Array.isArray(value) ? value[0] : value;
    };
    const remote = parseTraceParent(get("traceparent"), get("tracestate"));
    return withBaggage(remote ? continued(context, remote) : context, get("baggage"));
  }

  fields(): string[] {
    return [...CARRIED];
  }
}
