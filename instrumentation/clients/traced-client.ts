/** AWS SDK v3: one middleware that traces every command of a client, by the tables of commands beside it. */
import type { Span } from "@opentelemetry/api";
import {
  HTTP_RESPONSE_STATUS_CODE,
  MESSAGE_BODY_MD5,
  MESSAGE_KEYS,
  MESSAGE_KEYS_MAX,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { spanOf, suppressed, withSpan } from "../core/context.ts";
import { carry } from "../core/propagation.ts";
import { guarded, report } from "../core/report.ts";
import { shared } from "../core/shared.ts";
import { KIND, recordError, STATUS_ERROR } from "../core/span.ts";
import { isValidContext } from "../core/trace-parent.ts";
import { tracing } from "../core/tracing.ts";
import { asObject, type Fields } from "../events/event-source.ts";
import type { AwsCommand, AwsCommands } from "./aws-command.ts";
import { dynamoDbCommands } from "./dynamodb.ts";
import { eventBridgeCommands } from "./eventbridge.ts";
import { kinesisCommands } from "./kinesis.ts";
import { lambdaCommands } from "./lambda.ts";
import { otherCommand } from "./other-commands.ts";
import { s3Commands } from "./s3.ts";
import { snsCommands } from "./sns.ts";
import { sqsCommands } from "./sqs.ts";
import { stepFunctionsCommands } from "./step-functions.ts";

interface MiddlewareArgs {
  readonly input: Fields;
}
type Next = (args: MiddlewareArgs) => Promise<{ readonly output: unknown }>;
interface HandlerContext {
  readonly clientName?: string;
  readonly commandName?: string;
}
interface SdkClient {
  readonly middlewareStack: {
    add(middleware: (next: Next, context: HandlerContext) => Next, options: object): void;
  };
}

/** A call in progress. */
interface StartedCall {
  readonly command: AwsCommand;
  readonly span: Span | undefined;
  readonly input: Fields;
  readonly startMs: number;
}

const COMMANDS: AwsCommands = {
  ...snsCommands,
  ...sqsCommands,
  ...eventBridgeCommands,
  ...kinesisCommands,
  ...lambdaCommands,
  ...stepFunctionsCommands,
  ...s3Commands,
  ...dynamoDbCommands,
};
const tracedClients = shared("clients", () => new WeakSet<object>());

/** See `TracedClient` in types.ts. */
export function tracedClient<C extends object>(client: C): C {
  const stack = asObject(client)?.middlewareStack as SdkClient["middlewareStack"] | undefined;
  if (typeof stack?.add !== "function") {
    report("tracedClient() needs a client of the AWS SDK v3; what it was given is returned as it is");
    return client;
  }
  if (tracedClients.has(client) || tracing().switches.disabled) return client;
  tracedClients.add(client);
  stack.add(middleware, { step: "initialize", name: "hopscope", priority: "high", override: true });
  return client;
}

function middleware(next: Next, context: HandlerContext): Next {
  const service = context.clientName?.replace(/Client$/, "") ?? "AWS";
  const operation = context.commandName?.replace(/Command$/, "") ?? "call";
  const command = COMMANDS[`${service}.${operation}`] ?? otherCommand(service, operation);
  return async function hopscope(args) {
    const call = guarded(`tracing ${service}.${operation}`, () => start(command, args.input));
    if (!call) return next(args);
    const { span } = call;
    const tracedArgs = { ...args, input: call.input };
    try {
      const contexts = tracing().contexts;
      const result = span
        ? await contexts.with(suppressed(withSpan(contexts.active(), span)), () => next(tracedArgs))
        : await next(tracedArgs);
      guarded(`reading ${service}.${operation}`, () => succeed(call, asObject(result.output) ?? {}));
      return result;
    } catch (error) {
      guarded("recording an error", () => fail(span, error));
      throw error;
    } finally {
      guarded("ending a span", () => span?.end());
    }
  };
}

function start(command: AwsCommand, given: Fields): StartedCall {
  const { tracer, contexts, config } = tracing();
  const input = command.prepare?.(given) ?? given;
  const active = spanOf(contexts.active());
  // A poll or a delete between two invocations belongs to no trace; a message always begins one.
  if (command.kind === "client" && !(active && isValidContext(active.spanContext()))) {
    return { command, span: undefined, input, startMs: 0 };
  }
  const { spanName, attributes, kind = command.kind } = command.describe(input);
  const startMs = Date.now();
  const span = tracer.startSpan(spanName, { kind: KIND[kind], attributes });
  const carried = command.inject && carry(span, config, contexts.active());
  const injected = carried
    ? guarded("putting a trace into a message", () => command.inject?.(input, carried))
    : undefined;
  return { command, span, input: injected ?? input, startMs };
}

function succeed({ command, span, input, startMs }: StartedCall, output: Fields): void {
  command.onOutput?.(output, input);
  if (!span?.isRecording()) return;
  const metadata = asObject(output.$metadata);
  if (typeof metadata?.requestId === "string") span.setAttribute("aws.request_id", metadata.requestId);
  const sent = command.identify?.(output, input, { startMs, endMs: Date.now() });
  if (!sent) return;
  if (sent.messageId) span.setAttribute(MESSAGING_MESSAGE_ID, sent.messageId);
  if (sent.bodyMd5) span.setAttribute(MESSAGE_BODY_MD5, sent.bodyMd5);
  span.setAttribute(MESSAGE_KEYS, sent.keys.slice(0, MESSAGE_KEYS_MAX));
  for (const { entryId, code, message } of sent.failures ?? []) {
    span.addEvent("hopscope.send.failed", { "hopscope.entry.id": entryId, "error.type": code, "error.message": message });
  }
  const failed = sent.failures?.[0];
  if (failed) {
    span.setAttribute("error.type", failed.code);
    span.setStatus({ code: STATUS_ERROR, message: `${sent.failures?.length} failed: ${failed.code}` });
  }
}

function fail(span: Span | undefined, error: unknown): void {
  if (!span) return;
  recordError(span, error);
  const status = asObject(asObject(error)?.$metadata)?.httpStatusCode;
  if (typeof status === "number") span.setAttribute(HTTP_RESPONSE_STATUS_CODE, status);
}
