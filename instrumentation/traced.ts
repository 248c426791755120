import type { AnyHandler } from "./call.ts";
import { checkOptions } from "./check-options.ts";
import { prepareHttpClients, traceHttpClients } from "./clients/http-client.ts";
import { loadingParts, loadPart } from "./core/parts.ts";
import { shared } from "./core/shared.ts";
import { tracing } from "./core/tracing.ts";
import { guarded, report } from "./core/report.ts";
import { eachRecord, type RecordHandler } from "./each.ts";
import { DEFAULT_OPTIONS, type Options } from "./options.ts";
import { prepareLambda } from "./platforms/lambda.ts";
import { invokeOnLambda } from "./platforms/lambda-invocation.ts";
import { invokeInProcess, prepareProcess } from "./platforms/process.ts";
import { preparePayload } from "./payload.ts";
import type { EachOptions, Traced } from "./types.ts";

const wrapped = shared("wrapped", () => new WeakSet<object>());

function wrap(handler: AnyHandler, options: Options, each: boolean): AnyHandler {
  const { switches } = tracing();
  if (wrapped.has(handler) || switches.disabled) return handler;
  const onLambda = Boolean(process.env.AWS_LAMBDA_RUNTIME_API || process.env.AWS_LAMBDA_FUNCTION_NAME);
  const invoke = onLambda ? invokeOnLambda : invokeInProcess;
  if (onLambda) prepareLambda();
  else prepareProcess();
  if (switches.tracesHttp) traceHttpClients();
  if (switches.logContext) loadPart("log context", import("./optional/logs.ts"), (logs) => logs.enrichConsole());
  // On Lambda not before the first invocation: a cold start pays for every module.
  if (!onLambda) prepareHttpClients();
  const capture = preparePayload(options.capturePayload ?? switches.capturePayload);
  const tracedHandler = function (this: unknown, ...args: unknown[]): unknown {
    const call = { handler, self: this, args, options, each, capture };
    prepareHttpClients();
    const loading = onLambda ? loadingParts() : undefined;
    return loading && isAwaited(handler, args) ? loading.then(() => invoke(call)) : invoke(call);
  };
  copyShape(handler, tracedHandler);
  wrapped.add(tracedHandler);
  return tracedHandler;
}

/** Whether Lambda's runtime waits for a promise: on those before Node 24, only where the handler gives one. */
function isAwaited(handler: AnyHandler, args: readonly unknown[]): boolean {
  return typeof args[2] !== "function" || Object.prototype.toString.call(handler) === "[object AsyncFunction]";
}

/** Name and length (by which runtimes tell callback handlers) and own symbols (which mark streaming ones). */
function copyShape(from: AnyHandler, to: AnyHandler): void {
  for (const key of Reflect.ownKeys(from)) {
    if (key === "prototype" || key === "arguments" || key === "caller") continue;
    const descriptor = Object.getOwnPropertyDescriptor(from, key);
    if (descriptor) Object.defineProperty(to, key, { ...descriptor, configurable: true });
  }
}

/** Fills in defaults. A wrong option is reported once, by name and with what is allowed, and ignored. */
function readOptions(given: unknown): Options {
  if (given === undefined) return DEFAULT_OPTIONS;
  return guarded("reading options", () => checkOptions(given as EachOptions, DEFAULT_OPTIONS), DEFAULT_OPTIONS);
}

function tracedFunction(handler: unknown, options?: unknown): unknown {
  if (typeof handler !== "function") {
    report("traced() needs a function");
    return handler;
  }
  return wrap(handler as AnyHandler, readOptions(options), false);
}

function tracedEach(recordHandler: unknown, given?: unknown): unknown {
  if (typeof recordHandler !== "function") {
    report("traced.each() needs a function");
    return recordHandler;
  }
  const options = readOptions(given);
  return wrap(eachRecord(recordHandler as RecordHandler, options), options, true);
}

/** See {@link Traced}. */
export const traced: Traced = Object.assign(tracedFunction, { each: tracedEach }) as Traced;
