/**
 * AWS Lambda. What ends an invocation is what the runtime waits for: there the span is ended and sent, within a
 * budget, because the environment freezes as soon as the answer is out.
 */
import type { Attributes } from "@opentelemetry/api";
import {
  CLOUD_ACCOUNT_ID,
  CLOUD_RESOURCE_ID,
  FAAS_COLDSTART,
  FAAS_INVOCATION_ID,
  INIT_DURATION_MS,
  INIT_SPAN_NAME,
  INIT_TYPE,
  MEMORY_USED,
  MESSAGE_KEYS,
  MESSAGING_SYSTEM,
  REMAINING_TIME_MS,
  REQUEST_PAYLOAD,
  RESPONSE_PAYLOAD,
} from "@hopscope/schema/attributes";
import type { Call } from "../call.ts";
import { monotonicMs, nowMs, PROCESS_START_MS, syncClock } from "../core/clock.ts";
import { saltIds } from "../core/ids.ts";
import {
  DEADLINE_MARGIN_MS,
  PROACTIVE_INIT_MS,
  TIMEOUT_NOTICE_MS,
  TIMEOUT_NOTICE_PART,
} from "../core/limits.ts";
import { withSpan } from "../core/context.ts";
import { guarded } from "../core/report.ts";
import { shared } from "../core/shared.ts";
import { tracing } from "../core/tracing.ts";
import { asObject, asText, type Trigger } from "../events/event-source.ts";
import { detect } from "../events/index.ts";
import { LAMBDA_SYSTEM, SQS_SYSTEM } from "../events/systems.ts";
import { announceTimeout, endWithError, endWithResult, type Invocation, startInvocation } from "../invocation.ts";
import type { Imports } from "../optional/imports.ts";
import { recordPayload } from "../payload.ts";
import { watchIdleness, watchRejections } from "./end-running.ts";
import { ending } from "./ending.ts";
import { preparation } from "./lambda.ts";
import { interceptLegacyEnds } from "./lambda-callbacks.ts";

interface LambdaContext {
  readonly awsRequestId?: unknown;
  readonly invokedFunctionArn?: unknown;
  readonly getRemainingTimeInMillis?: unknown;
}

/** A running invocation with what Lambda knows of it. */
interface LambdaInvocation extends Invocation {
  readonly remainingMs: () => number;
  timer: NodeJS.Timeout | undefined;
}

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
/** Longest time that an invocation can have, milliseconds; taken where the context does not say. */
const REMAINING_MAX_MS = 900_000;

/** Reading the memory used costs as much as half an invocation's span; it does not change faster than this. */
const MEMORY_AGE_MAX_MS = 100;

let memory = { bytes: 0, readMs: Number.NEGATIVE_INFINITY };
let invocations = 0;

/** Runs a handler under the Lambda runtime. Returns or throws what it does, once its spans are sent. */
export function invokeOnLambda(call: Call): unknown {
  const streaming = STREAMING in call.handler;
  // The third argument of a streaming handler, wrapped outside or inside of `streamifyResponse`; elsewhere a callback.
  const lambdaContext = (asObject(call.args[2]) ?? asObject(call.args[1])) as LambdaContext | undefined;
  const invocation = guarded("starting an invocation", () => begin(call, lambdaContext));
  if (!invocation) return Reflect.apply(call.handler, call.self, call.args);
  // The runtime clients before Node 24 give a callback, and take a plain return value for nothing.
  const legacy = !streaming && typeof call.args[2] === "function";
  let { args } = call;
  /** How many timers, sockets and requests keep the process ending.running. */
  let resources = 0;
  if (legacy) {
    args = interceptLegacyEnds(args, (error, result) => finish(call, invocation, error, result));
    resources = process.getActiveResourcesInfo().length;
  }
  let result: unknown;
  try {
    result = tracing().contexts.with(invocation.context, call.handler, call.self, ...args);
  } catch (error) {
    return finish(call, invocation, { error }, undefined).then(() => {
      throw error;
    });
  }
  if (isPromise(result)) {
    // Of what is no promise of Node's own, `then` may return anything: without this the answer would be lost.
    return Promise.resolve(result).then(
      (value) => finish(call, invocation, undefined, value).then(() => answerOf(invocation, value)),
      (error: unknown) =>
        finish(call, invocation, { error }, undefined).then(() => {
          throw error;
        }),
    );
  }
  if (!legacy) return finish(call, invocation, undefined, result).then(() => answerOf(invocation, result));
  // A handler that names no callback may still take one, or end by its context. Where it left nothing to wait for it
  // has ended; else these end it, or an idle event loop.
  const endIfIdle = (): void => {
    if (process.getActiveResourcesInfo().length <= resources) void finish(call, invocation, undefined, undefined);
  };
  if (call.handler.length < 3) setImmediate(endIfIdle);
  return result;
}

/** What is answered: what the handler returned, but for authorizers. */
function answerOf(invocation: Invocation, result: unknown): unknown {
  const { trigger, span } = invocation;
  return guarded("carrying a trace on", () => trigger.answer?.(result, span.spanContext()) ?? result, result);
}

function begin(call: Call, lambdaContext: LambdaContext | undefined): LambdaInvocation {
  syncClock();
  const startMs = nowMs();
  const requestId = asText(lambdaContext?.awsRequestId) ?? "";
  const first = invocations++ === 0;
  if (first) {
    saltIds(requestId);
    watchRejections(ending);
    if (typeof call.args[2] === "function") watchIdleness(ending);
  }
  const start = first ? describeInit(startMs) : undefined;
  const trigger = detect(call.args[0], lambdaContext);
  const invocation = startInvocation(tracing(), {
    trigger,
    options: call.options,
    each: call.each,
    fallbackName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? "invoke",
    startMs,
    attributes: {
      ...(requestId && { [FAAS_INVOCATION_ID]: requestId, ...ownIdentity(trigger, requestId) }),
      ...arnAttributes(lambdaContext?.invokedFunctionArn),
      [FAAS_COLDSTART]: start?.coldStart ?? false,
      ...start?.attributes,
    },
  });
  recordPayload(call, invocation.span, REQUEST_PAYLOAD, call.args[0]);
  if (start?.coldStart) {
    const { tracer } = tracing();
    const span = tracer.startSpan(INIT_SPAN_NAME, { startTime: start.fromMs }, invocation.context);
    shared<Imports>("imports", () => ({})).write?.(tracer, withSpan(invocation.context, span));
    span.end(start.toMs);
  }
  tracing().prepare();
  const remaining = lambdaContext?.getRemainingTimeInMillis;
  const remainingMs = (): number => {
    const ms = typeof remaining === "function" ? Number(Reflect.apply(remaining, lambdaContext, [])) : Number.NaN;
    return Number.isFinite(ms) ? ms : REMAINING_MAX_MS;
  };
  const started = Object.assign(invocation, { remainingMs, timer: undefined }) as LambdaInvocation;
  ending.running.add(started);
  guardDeadline(started, flushBudgetMs(call));
  return started;
}

/**
 * What the init before the first invocation was. An environment that Lambda started ahead of demand, restored
 * from a snapshot, or was told to keep ready is none that a caller waited for.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
function describeInit(startMs: number) {
  const type = process.env.AWS_LAMBDA_INITIALIZATION_TYPE || "on-demand";
  const fromMs = PROCESS_START_MS;
  const proactive = startMs - preparation.endMs > PROACTIVE_INIT_MS;
  const toMs = proactive ? preparation.endMs : startMs;
  const coldStart = type === "on-demand" && !proactive;
  const attributes: Attributes = { [INIT_TYPE]: type };
  if (coldStart) attributes[INIT_DURATION_MS] = toMs - fromMs;
  return { coldStart, attributes, fromMs, toMs };
}

/**
 * What a destination of the function is told of this invocation: the request's id, beside what the event says.
 * Pollers of queues have no destinations.
 */
function ownIdentity({ kind, attributes }: Trigger, requestId: string): Attributes {
  if (kind !== "consumer" || attributes[MESSAGING_SYSTEM] === SQS_SYSTEM) return {};
  const keys = attributes[MESSAGE_KEYS] as string[] | undefined;
  return { [MESSAGE_KEYS]: [...(keys ?? []), `${LAMBDA_SYSTEM}:${requestId}`] };
}

function arnAttributes(arn: unknown): Attributes {
  if (typeof arn !== "string") return {};
  const parts = arn.split(":");
  const account = parts[4];
  return {
    "aws.lambda.invoked_arn": arn,
    // The function's own ARN: without the version or alias by which it was invoked.
    [CLOUD_RESOURCE_ID]: parts.slice(0, 7).join(":"),
    ...(account && { [CLOUD_ACCOUNT_ID]: account }),
  };
}

/** Sends an invocation as timing out shortly before Lambda would kill it; it may still end in time. */
function guardDeadline(invocation: LambdaInvocation, budgetMs: number): void {
  const remainingMs = invocation.remainingMs();
  if (remainingMs >= REMAINING_MAX_MS) return;
  const noticeMs = Math.min(TIMEOUT_NOTICE_MS, remainingMs * TIMEOUT_NOTICE_PART);
  invocation.timer = setTimeout(() => {
    if (invocation.ended) return;
    const { traceId } = invocation.span.spanContext();
    invocation.span.setAttribute(MEMORY_USED, memoryUsed());
    const all = [...tracing().open];
    // Of several invocations at once, spans in other traces may be another's.
    const own = ending.running.size > 1 ? all.filter(({ context }) => context.traceId === traceId) : all;
    guarded("announcing a timeout", () => announceTimeout(invocation, own));
    void tracing().flush(Math.min(budgetMs, invocation.remainingMs()));
  }, remainingMs - noticeMs);
  invocation.timer.unref();
}

/** Ends an invocation and sends its spans. Never rejects. */
async function finish(
  call: Call,
  invocation: LambdaInvocation,
  failure: { readonly error: unknown } | undefined,
  result: unknown,
): Promise<void> {
  clearTimeout(invocation.timer);
  ending.running.delete(invocation);
  const leftMs = invocation.remainingMs();
  invocation.span.setAttributes({ [REMAINING_TIME_MS]: leftMs, [MEMORY_USED]: memoryUsed() });
  if (!failure) recordPayload(call, invocation.span, RESPONSE_PAYLOAD, result);
  if (failure) endWithError(invocation, failure.error);
  else endWithResult(invocation, result);
  // A span that nobody ended is none of the next invocation's.
  if (ending.running.size === 0) tracing().open.clear();
  await tracing().flush(Math.min(flushBudgetMs(call), leftMs - DEADLINE_MARGIN_MS));
}

/** Longest that an invocation waits for the collector, milliseconds. */
function flushBudgetMs({ options }: Call): number {
  return options.flushBudgetMs ?? tracing().config.flushBudgetMs;
}

/** Resident memory in bytes, at most {@link MEMORY_AGE_MAX_MS} old. */
function memoryUsed(): number {
  const ageMs = monotonicMs() - memory.readMs;
  if (ageMs > MEMORY_AGE_MAX_MS) memory = { bytes: process.memoryUsage.rss(), readMs: monotonicMs() };
  return memory.bytes;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === "function";
}
