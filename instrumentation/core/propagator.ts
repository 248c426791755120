import type { TextMapPropagator } from "@opentelemetry/api";
import type { Config } from "./config.ts";
import { extractContext, injectContext } from "./for-api.ts";

/** W3C Trace Context and Baggage for the OpenTelemetry API's `propagation`. */
export function makePropagator(config: () => Config): TextMapPropagator {
  return {
    inject: (context, carrier, setter) => injectContext(config(), context, carrier, setter),
    extract: (context, carrier, getter) => extractContext(context, carrier, getter),
    fields: () => ["traceparent", "tracestate", "baggage"],
  };
}
