/** One run of a handler: from the trigger to the span's end. The same on every platform. */
import type { Attributes, Context, Link, Span } from "@opentelemetry/api";
import {
  ERROR_TYPE,
  FAAS_COLDSTART,
  FAAS_TRIGGER,
  MESSAGE_EVENT,
  MESSAGE_RETURNED,
  MESSAGE_SENT_MS,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
  ORIGIN_TRACE_ID,
  REQUEST_SENT_MS,
  TIMED_OUT,
} from "@hopscope/schema/attributes";
import { spanOf, withRootState, withSpan } from "./core/context.ts";
import type { Outcome } from "./core/counters.ts";
import { continued, describeSender, originOf, stateOfOrigin } from "./core/propagation.ts";
import { describeError, guarded, report } from "./core/report.ts";
import { KIND, type RecordedSpan, recordError, STATUS_ERROR } from "./core/span.ts";
import type { Tracing } from "./core/tracing.ts";
import { asObject, type Message, type Trigger } from "./events/event-source.ts";
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
  /** Whether it was sent as timing out. */
  announced: boolean;
  /** Counts an invocation whose trace is not kept; undefined for one whose trace is. */
  readonly count: ((outcome: Outcome) => void) | undefined;
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
  let context = parent ? continued(base, parent) : base;
  const links: Link[] = [];
  let origin: string | undefined;
  if (messages.length > 1) {
    origin = commonOrigin(messages);
    context = withSpan(origin ? withRootState(base, stateOfOrigin(origin)) : base, undefined);
    for (const { context: linked, attributes } of messages) if (linked) links.push({ context: linked, attributes });
  }
  const outer = messages.length > 1 || parent ? spanOf(base)?.spanContext() : undefined;
  if (outer) links.push({ context: outer });
  const span = tracing.tracer.startSpan(
    options.name ?? spanName(init),
    {
      kind: KIND[trigger.kind],
      startTime: init.startMs,
      attributes: { ...describeCaller(trigger), ...trigger.attributes, ...init.attributes, ...options.attributes },
      links,
    },
    context,
  );
  if (origin) span.setAttribute(ORIGIN_TRACE_ID, origin);
  if (init.each && messages.length > 0) span.setAttribute(MESSAGING_OPERATION_TYPE, "receive");
  if (messages.length > 1) {
    for (const { context: linked, attributes } of messages) {
      if (!linked) span.addEvent(MESSAGE_EVENT, attributes, init.startMs);
    }
  }
  const coldStart = init.attributes[FAAS_COLDSTART] === true;
  const count = span.isRecording()
    ? undefined
    : (outcome: Outcome): void => tracing.counters.add(String(trigger.attributes[FAAS_TRIGGER]), outcome, coldStart);
  const invocation = { span, trigger, ended: false, announced: false, count };
  return Object.assign(invocation, { context: withSpan(context, span).setValue(INVOCATION_KEY, invocation) });
}

/** What the caller says of itself, where it sent no message: {@link Message.attributes} have it otherwise. */
function describeCaller({ parent, messages, attributes }: Trigger): Attributes {
  if (!parent || messages) return {};
  return describeSender(parent, MESSAGING_SYSTEM in attributes ? MESSAGE_SENT_MS : REQUEST_SENT_MS);
}

/** The trace in which all of a batch began; undefined where they began in several, or one does not say. */
function commonOrigin(messages: readonly Message[]): string | undefined {
  const origins = new Set(messages.map(({ context }) => context && originOf(context)));
  return origins.size === 1 ? [...origins][0] : undefined;
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
  const outcome = isFailure(invocation.trigger, result) ? "error" : "ok";
  end(invocation, outcome, () => {
    invocation.trigger.onResult?.(invocation.span, result);
    recordReturned(invocation, result);
  });
}

/**
 * Records given back one by one make no error of the invocation for the platform, whose own error count therefore
 * misses them: a function that fails every record would look healthy.
 */
function recordReturned({ span, trigger }: Invocation, result: unknown): void {
  const returned = returnedRecords(trigger, result);
  const { messages = [] } = trigger;
  if (returned.length === 0) return;
  const ids = new Set(returned.map((item) => asObject(item)?.itemIdentifier));
  // The span's links and events hold these very attributes: which records it were is said there.
  for (const { itemId, attributes } of messages) if (ids.has(itemId)) attributes[MESSAGE_RETURNED] = true;
  span.setAttribute(ERROR_TYPE, "batch_item_failures");
  span.setStatus({ code: STATUS_ERROR, message: `${returned.length} of ${messages.length} records failed` });
}

function returnedRecords(trigger: Trigger, result: unknown): readonly unknown[] {
  const failures = asObject(result)?.batchItemFailures;
  return trigger.messages && Array.isArray(failures) ? failures : [];
}

/** Whether a result says that the invocation failed, as an answer of 500 does. */
function isFailure(trigger: Trigger, result: unknown): boolean {
  return guarded(
    "reading a result",
    () => returnedRecords(trigger, result).length > 0 || (trigger.onResult !== undefined && isServerError(result)),
    false,
  );
}

function isServerError(result: unknown): boolean {
  return Number(asObject(result)?.statusCode ?? 0) >= 500;
}

/** Ends the span of an invocation whose handler threw `error`, which may be any value. */
export function endWithError(invocation: Invocation, error: unknown): void {
  end(invocation, "error", () => recordError(invocation.span, error));
}

/**
 * Sends the span of an invocation whose deadline is about to pass, and the spans in it that have not ended, for they
 * say what it waits for. They are sent again if they do end before Lambda kills the process. A span of another
 * provider, which cannot be sent twice, ends here.
 */
export function announceTimeout(invocation: Invocation, open: readonly RecordedSpan[]): void {
  const { span } = invocation;
  const message = "the deadline was about to pass";
  const timeout = { [ERROR_TYPE]: "timeout" };
  if (open.includes(span as RecordedSpan)) {
    invocation.announced = true;
    for (const each of open) each.snapshot(each === span ? { ...timeout, [TIMED_OUT]: true } : timeout, message);
    return;
  }
  end(invocation, "timeout", () => {
    span.setAttributes({ ...timeout, [TIMED_OUT]: true });
    span.setStatus({ code: STATUS_ERROR, message });
  });
}

function end(invocation: Invocation, outcome: Outcome, describe: () => void): void {
  if (invocation.ended) return;
  invocation.ended = true;
  // What was announced did not happen.
  if (invocation.announced) invocation.span.setAttribute(TIMED_OUT, false);
  guarded("ending an invocation", () => {
    try {
      describe();
    } catch (error) {
      report(`reading a result failed: ${describeError(error)}`);
    }
    invocation.span.end();
    invocation.count?.(outcome);
  });
}
