/** Handlers of every form, for the lifecycle tests. They run under Lambda's runtime client. */
import { trace } from "@opentelemetry/api";
import { traced } from "hopscope";

await Promise.resolve();

export const promise = traced(async (event) => ({ statusCode: 200, body: event.name ?? "ok" }));
export const plain = traced((event) => ({ got: event.name }));
export const thrown = traced(() => {
  throw new TypeError("thrown at once");
});
export const rejected = traced(async () => {
  throw new RangeError("rejected");
});
export const rejectedUndefined = traced(() => Promise.reject(undefined));
export const exits = traced(async () => {
  trace.getTracer("test").startSpan("inner");
  process.exit(7);
});
export const uncaught = traced(
  () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error("nobody caught this");
      });
    }),
);
export const unhandled = traced(
  () =>
    new Promise(() => {
      void Promise.reject(new Error("nobody handled this"));
    }),
);
export const hangs = traced(() => {
  trace.getTracer("test").startSpan("waits for a lock");
  return new Promise((resolve) => setTimeout(resolve, 60_000));
});
/** Ends when it has almost no time left, but in time. */
export const closeCall = traced(async (event, context) => {
  await new Promise((resolve) => setTimeout(resolve, context.getRemainingTimeInMillis() - 120));
  return "in time";
});
/** Would wait for the collector for longer than it may live. */
export const patient = traced(async () => "answered", { flushBudgetMs: 60_000 });
export const memory = traced(async (event) => {
  if (event.name !== "die") return "alive";
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
});
/** Ends only when as many are running as were asked for, so that they do run at once. */
let release;
const allRunning = new Promise((resolve) => (release = resolve));
let running = 0;
export const concurrent = traced(async (event, context) => {
  if (++running === 4) release();
  await Promise.race([allRunning, new Promise((resolve) => setTimeout(resolve, 500))]);
  trace.getTracer("test").startSpan("inner", { attributes: { request: context.awsRequestId } }).end();
  return event.n;
});
export const background = traced(async () => {
  setImmediate(() => undefined);
  return "done";
});

const streamify = globalThis.awslambda?.streamifyResponse ?? ((handler) => handler);
export const streaming = traced(
  streamify(async (event, stream) => {
    stream.write("one ");
    stream.write("two");
    stream.end();
  }),
);
export const streamingFails = traced(
  streamify(async (event, stream) => {
    stream.write("one ");
    throw new Error("broke off");
  }),
);
