/** `traced.each`: a batch handled record by record, each in the trace of its producer. */
import type { Context } from "@opentelemetry/api";
import { MESSAGE_RETURNED } from "@hopscope/schema/attributes";
import { withSpan } from "./core/context.ts";
import { continued } from "./core/propagation.ts";
import { guarded } from "./core/report.ts";
import { KIND, recordError } from "./core/span.ts";
import { tracing } from "./core/tracing.ts";
import { detect } from "./events/index.ts";
import type { Message, Trigger } from "./events/event-source.ts";
import { type Invocation, invocationOf } from "./invocation.ts";
import type { Options } from "./options.ts";
import type { BatchResult } from "./types.ts";

/** A handler of one record. */
export type RecordHandler = (record: never, context: never) => unknown;

/** Outcome of one record: undefined when it was handled. */
interface Failure {
  readonly message: Message;
  readonly error: unknown;
}

/** A handler of a batch that runs `handler` for every record of it. */
export function eachRecord(handler: RecordHandler, options: Options) {
  return async function each(event: unknown, context?: unknown): Promise<BatchResult> {
    const invocation = invocationOf(tracing().contexts.active());
    const trigger = invocation?.trigger ?? detect(event, context);
    const messages = trigger.messages ?? guarded("reading the event", () => recordsOf(event), []).map((record): Message => ({ record, attributes: {} }));
    const run = (message: Message): Promise<Failure | undefined> => handleRecord(handler, message, context, invocation);
    const lanes = trigger.stopsAtFailure ? [messages] : inLanes(messages);
    const failures = await runLanes(lanes, options.concurrency, run, trigger);
    return toResult(messages, failures);
  };
}

/** Records of one group in one lane, in order; every record without a group is a lane of its own. */
function inLanes(messages: readonly Message[]): Message[][] {
  const groups = new Map<string, Message[]>();
  const lanes: Message[][] = [];
  for (const message of messages) {
    const lane = message.group === undefined ? undefined : groups.get(message.group);
    if (lane) {
      lane.push(message);
      continue;
    }
    const fresh = [message];
    lanes.push(fresh);
    if (message.group !== undefined) groups.set(message.group, fresh);
  }
  return lanes;
}

async function runLanes(
  lanes: readonly (readonly Message[])[],
  concurrency: number,
  run: (message: Message) => Promise<Failure | undefined>,
  trigger: Trigger,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let lane = lanes[next++]; lane; lane = lanes[next++]) {
      for (const [index, message] of lane.entries()) {
        const failure = await run(message);
        if (!failure) continue;
        failures.push(failure);
        // What follows in the group must not overtake it: it is given back too. A stream gives it back by itself.
        if (!trigger.stopsAtFailure) {
          for (const later of lane.slice(index + 1)) failures.push({ message: later, error: failure.error });
        }
        break;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, lanes.length) }, worker));
  return failures;
}

async function handleRecord(
  handler: RecordHandler,
  message: Message,
  context: unknown,
  invocation: Invocation | undefined,
): Promise<Failure | undefined> {
  const call = async (): Promise<unknown> => handler(message.record as never, context as never);
  const started = invocation && guarded("starting a span", () => startRecordSpan(invocation, message));
  try {
    await (started ? tracing().contexts.with(started.context, call) : call());
    return undefined;
  } catch (error) {
    guarded("recording an error", () => {
      if (!started) return;
      recordError(started.span, error);
      started.span.setAttribute(MESSAGE_RETURNED, true);
    });
    return { message, error };
  } finally {
    guarded("ending a span", () => started?.span.end());
  }
}

function startRecordSpan(invocation: Invocation, message: Message) {
  const { tracer } = tracing();
  const { trigger, context, span: outer } = invocation;
  // The only record of an invocation: that continues the record's trace already.
  const alone = trigger.messages?.length === 1;
  const own = message.context ? continued(context, message.context) : withSpan(context, undefined);
  const parent: Context = alone ? context : own;
  const span = tracer.startSpan(
    trigger.destination ? `process ${trigger.destination}` : "process",
    {
      kind: KIND.consumer,
      attributes: message.attributes,
      links: alone ? [] : [{ context: outer.spanContext() }],
    },
    parent,
  );
  return { span, context: withSpan(parent, span) };
}

function toResult(messages: readonly Message[], failures: readonly Failure[]): BatchResult {
  const unreportable = failures.find(({ message }) => message.itemId === undefined);
  if (unreportable) throw unreportable.error;
  const failed = new Set(failures.map(({ message }) => message));
  const batchItemFailures = messages
    .filter((message) => failed.has(message))
    .map((message) => ({ itemIdentifier: message.itemId ?? "" }));
  return { batchItemFailures };
}

function recordsOf(event: unknown): readonly unknown[] {
  if (Array.isArray(event)) return event;
  const { Records, Messages } = (event ?? {}) as { Records?: unknown; Messages?: unknown };
  const records = Records ?? Messages;
  return Array.isArray(records) ? records : [];
}
