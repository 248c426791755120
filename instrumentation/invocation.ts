/** One run of a handler: from the trigger to the span's end. The same on every platform. */
import type { Attributes, Context, Link, Span } from "@opentelemetry/api";
import { ERROR_TYPE, MESSAGE_EVENT, MESSAGING_OPERATION_TYPE } from "@hopscope/schema/attributes";
import { spanOf, withSpan } from "./core/context.ts";
import { describeError, guarded, report } from "./core/report.ts";
import { KIND, PassingSpan, recordError, STATUS_ERROR } from "./core/span.ts";
import type { Tracing } from "./core/tracing.ts";
import type { Trigger } from "./events/event-source.ts";
import type { Options } from "./options.ts";

/** Where a running invocation is kept in its context. */
const INVOCATION_KEY = Symbol.for("hopscope.invocation");

/** A handler's run. */
export interface Invocation {
  readonly span: Span;
  readonly trigger: Trigger;
  /** The context in which the handler runs. */
  readonly context: Context;
  /** Whether its span has ended. */
  ended: boolean;
}

/** What a platform adds to a trigger. */
export interface InvocationInit {
  readonly trigger: Trigger;
  readonly options: Options;
  /** Whether `traced.each` makes a span for every record. */
  readonly each: boolean;
  /** The function's name, for triggers that have none. */
  readonly fallbackName: string;
  readonly startMs: number;
  readonly attributes: Attributes;
}

/** Starts the span of an invocation, joined to what triggered it. */
export function startInvocation(tracing: Tracing, init: InvocationInit): Invocation {
  const { trigger, options } = init;
  const messages = trigger.messages ?? [];
  const base = tracing.contexts.active();
  const parent = trigger.parent;
  // In a container the handler may run inside a span already; on Lambda nothing is active.
  const own = messages.length > 1 ? withSpan(base, undefined) : base;
  const context = parent ? withSpan(base, new PassingSpan(parent)) : own;
  const links: Link[] = [];
  if (messages.length > 1) {
    for (const { context: linked, attributes } of messages) if (linked) links.push({ context: linked, attributes });
  }
  const outer = messages.length > 1 || parent ? spanOf(base)?.spanContext() : undefined;
  if (outer) links.push({ context: outer });
  const span = tracing.tracer.startSpan(
    options.name ?? spanName(init),
    {
      kind: KIND[trigger.kind],
      startTime: init.startMs,
      attributes: { ...trigger.attributes, ...init.attributes, ...options.attributes },
      links,
    },
    context,
  );
  if (init.each && messages.length > 0) span.setAttribute(MESSAGING_OPERATION_TYPE, "receive");
  if (messages.length > 1) {
    for (const { context: linked, attributes } of messages) {
      if (!linked) span.addEvent(MESSAGE_EVENT, attributes, init.startMs);
    }
  }
  const invocation = { span, trigger, ended: false };
  return Object.assign(invocation, { context: withSpan(context, span).setValue(INVOCATION_KEY, invocation) });
}

function spanName({ trigger, each, fallbackName }: InvocationInit): string {
  if (each && trigger.messages) return trigger.destination ? `receive ${trigger.destination}` : "receive";
  return trigger.spanName ?? fallbackName;
}

/** The invocation whose handler runs in `context`. */
export function invocationOf(context: Context): Invocation | undefined {
  return context.getValue(INVOCATION_KEY) as Invocation | undefined;
}

/** Ends the span of an invocation whose handler returned `result`. */
export function endWithResult(invocation: Invocation, result: unknown): void {
  end(invocation, () => {
    invocation.trigger.onResult?.(invocation.span, result);
    recordReturned(invocation, result);
  });
}

/**
 * Records given back one by one make no error of the invocation for the platform, whose own error count therefore
 * misses them: a function that fails every record would look healthy.
 */
function recordReturned({ span, trigger }: Invocation, result: unknown): void {
  const failures = (result as { batchItemFailures?: unknown } | null | undefined)?.batchItemFailures;
  if (!trigger.messages || !Array.isArray(failures) || failures.length === 0) return;
  span.setAttribute(ERROR_TYPE, "batch_item_failures");
  span.setStatus({
    code: STATUS_ERROR,
    message: `${String(failures.length)} of ${String(trigger.messages.length)} records failed`,
  });
}

/** Ends the span of an invocation whose handler threw `error`, which may be any value. */
export function endWithError(invocation: Invocation, error: unknown): void {
  end(invocation, () => recordError(invocation.span, error));
}

function end(invocation: Invocation, describe: () => void): void {
  if (invocation.ended) return;
  invocation.ended = true;
  guarded("ending an invocation", () => {
    try {
      describe();
    } catch (error) {
      report(`reading a result failed: ${describeError(error)}`);
    }
    invocation.span.end();
  }, undefined);
}
