import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { formatBaggage, withBaggage } from "./baggage.ts";
import type { Config } from "./config.ts";
import { spanOf, withSpan } from "./context.ts";
import { carry } from "./propagation.ts";
import { PassingSpan } from "./span.ts";
import { parseTraceParent } from "./trace-parent.ts";

/** W3C Trace Context and Baggage for the OpenTelemetry API's `propagation`. */
export class W3cPropagator implements TextMapPropagator {
  readonly #config: () => Config;

  constructor(config: () => Config) {
    this.#config = config;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = spanOf(context);
    const carried = span && carry(span, this.#config(), Date.now());
    if (carried) {
      setter.set(carrier, "traceparent", carried.traceparent);
      setter.set(carrier, "tracestate", carried.tracestate);
    }
    const baggage = formatBaggage(context);
    if (baggage) setter.set(carrier, "baggage", baggage);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const get = (name: string): string | undefined => {
      const value = getter.get(carrier, name);
      return Array.isArray(value) ? value[0] : value;
    };
    const remote = parseTraceParent(get("traceparent"), get("tracestate"));
    const next = remote ? withSpan(context, new PassingSpan(remote)) : context;
    return withBaggage(next, get("baggage"));
  }

  fields(): string[] {
    return ["traceparent", "tracestate", "baggage"];
  }
}
