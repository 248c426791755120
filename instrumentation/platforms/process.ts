/** Containers, jobs and servers: the process lives on, so spans are sent in the background and at its end. */
import { REQUEST_PAYLOAD, RESPONSE_PAYLOAD } from "@hopscope/schema/attributes";
import type { Call } from "../call.ts";
import { nowMs, syncClock } from "../core/clock.ts";
import { guarded } from "../core/report.ts";
import { tracing } from "../core/tracing.ts";
import { asObject } from "../events/event-source.ts";
import { detect } from "../events/index.ts";
import { endWithError, endWithResult, type Invocation, startInvocation } from "../invocation.ts";
import { recordPayload } from "../payload.ts";
import { prepareEnding } from "./ending.ts";

let prepared = false;
let timer: NodeJS.Timeout | undefined;

/** Lets ended spans be sent every second, and on SIGTERM and at the end. Keeps no process alive. */
export function prepareProcess(): void {
  if (prepared) return;
  prepared = true;
  const { config } = tracing();
  tracing().onAdd = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const { exporter } of tracing().waiting) void exporter.flushInBackground();
    }, config.batchDelayMs).unref();
  };
  // Flushing wakes the event loop, after which Node says beforeExit again: once without spans is enough.
  let flushed = false;
  process.on("beforeExit", () => {
    if (flushed && tracing().waiting.length === 0) return;
    flushed = true;
    void tracing().flush(config.flushBudgetMs);
  });
  process.once("SIGTERM", onSignal);
  prepareEnding();
}

/** Sends what waits, then lets the signal do what it would have done without us. */
function onSignal(signal: NodeJS.Signals): void {
  const othersDecide = process.listenerCount(signal) > 0;
  void tracing()
    .flush(tracing().config.flushBudgetMs)
    .then(() => {
      if (!othersDecide) process.kill(process.pid, signal);
    });
}

/** Runs a handler in a long-running process. Returns or throws what it does, and waits for nothing. */
export function invokeInProcess(call: Call): unknown {
  const invocation = guarded("starting an invocation", () => begin(call));
  if (!invocation) return Reflect.apply(call.handler, call.self, call.args);
  let result: unknown;
  try {
    result = tracing().contexts.with(invocation.context, call.handler, call.self, ...call.args);
  } catch (error) {
    endWithError(invocation, error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    succeed(call, invocation, result);
    return result;
  }
  return result.then(
    (value: unknown) => {
      succeed(call, invocation, value);
      return value;
    },
    (error: unknown) => {
      endWithError(invocation, error);
      throw error;
    },
  );
}

function succeed(call: Call, invocation: Invocation, result: unknown): void {
  recordPayload(call, invocation.span, RESPONSE_PAYLOAD, result);
  endWithResult(invocation, result);
}

/** Undefined for a poll that brought nothing, which is no run of anything. */
function begin(call: Call): Invocation | undefined {
  syncClock();
  const trigger = detect(call.args[0], undefined);
  if (call.each && !trigger.messages && !hasRecords(call.args[0])) return undefined;
  const invocation = startInvocation(tracing(), {
    trigger,
    options: call.options,
    each: call.each,
    fallbackName: call.handler.name || "invoke",
    startMs: nowMs(),
    attributes: {},
  });
  recordPayload(call, invocation.span, REQUEST_PAYLOAD, call.args[0]);
  return invocation;
}

function hasRecords(event: unknown): boolean {
  const { Records, Messages = Records } = asObject(event) ?? {};
  const records = Array.isArray(event) ? event : Messages;
  return Array.isArray(records) && records.length > 0;
}
