import { context, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { AsyncLocalStorageContextManager } from "./context-manager.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces` });
const provider = new TracerProvider({
  resource: resourceFromAttributes({ "service.name": "own-sdk" }),
  spanProcessors: [new BatchSpanProcessor({ exporter })],
});
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

// Only now: what is registered when we are loaded is what we use.
const { traced } = await import("hopscope");
await traced(async function handler() {
  trace.getTracer("shop").startSpan("inner").end();
})();
