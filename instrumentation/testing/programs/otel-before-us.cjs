const { trace } = require("@opentelemetry/api");

// As a library does that is loaded before us.
const tracer = trace.getTracer("library");
const { traced } = require("hopscope");

traced(async function handler() {
  tracer.startSpan("library").end();
})();
