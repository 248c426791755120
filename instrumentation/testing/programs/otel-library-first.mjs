import "hopscope";
import { trace } from "@opentelemetry/api";

// As a library does when it is loaded, before any handler is wrapped.
const tracer = trace.getTracer("library");
const { traced } = await import("hopscope");
await traced(async function handler() {
  tracer.startSpan("library").end();
})();
