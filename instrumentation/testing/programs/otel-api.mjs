import { context, propagation, SpanStatusCode, trace } from "@opentelemetry/api";
import { traced } from "hopscope";

const out = {};
await traced(async function handler() {
  out.active = trace.getActiveSpan()?.spanContext().spanId;
  const bound = context.bind(context.active(), () => trace.getActiveSpan()?.spanContext().spanId);
  const baggage = propagation.createBaggage({ tier: { value: "gold" } });
  await context.with(propagation.setBaggage(context.active(), baggage), async () => {
    await trace.getTracer("shop", "1.0.0").startActiveSpan("charge card", { attributes: { amount: 12.5 } }, async (span) => {
      await Promise.resolve();
      out.baggage = propagation.getActiveBaggage()?.getEntry("tier")?.value;
      span.setAttributes({ tags: ["a", "b"], nested: { deep: [1, null] } });
      span.addEvent("declined", { code: 51 }, Date.now());
      span.recordException(new Error("no funds"));
      span.setStatus({ code: SpanStatusCode.ERROR, message: "no funds" });
      const carrier = {};
      propagation.inject(context.active(), carrier);
      out.carrier = JSON.stringify(carrier);
      span.end();
    });
  });
  const remote = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  out.extracted = trace.getSpanContext(propagation.extract(context.active(), remote))?.traceId;
  await new Promise((resolve) => setImmediate(() => resolve((out.bound = bound()))));
})();
console.log(JSON.stringify(out));
