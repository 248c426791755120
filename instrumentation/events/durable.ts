import type { Span } from "@opentelemetry/api";
import {
  ERROR_TYPE,
  MESSAGE_KEYS,
  MESSAGE_RECEIVE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { hash53 } from "../core/hash.ts";
import { STATUS_ERROR } from "../core/span.ts";
import { remoteContext } from "../core/trace-parent.ts";
import { asObject, asText, defined, type EventSource, type Fields, parseObject } from "./event-source.ts";
import { LAMBDA_SYSTEM } from "./systems.ts";

/**
 * A durable function: Lambda invokes it again and again, each time with what it has done so far. All invocations of
 * one execution share a trace, whose ids follow from the execution's ARN, so that a replay is never a flow of its
 * own; what started the execution is the payload of its first operation: a context or message in it is the cause of
 * them all.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
 * @see https://github.com/aws/aws-durable-execution-sdk-js/blob/main/packages/aws-durable-execution-sdk-js/src/types/core.ts
 */
export const durableExecution: EventSource = {
  matches: (event) => asText(event.DurableExecutionArn) !== undefined && "CheckpointToken" in event,
  describe(event, caller, detect) {
    const arn = asText(event.DurableExecutionArn) ?? "";
    const given = asObject(event.InitialExecutionState)?.Operations;
    const operations = Array.isArray(given) ? (given as unknown[]) : [];
    const { spanName, parent, attributes } = detect(inputOf(operations[0]), {});
    const keys = attributes[MESSAGE_KEYS];
    return {
      spanName,
      kind: "consumer",
      parent: parent ?? contextOf(arn),
      onResult: recordFailure,
      attributes: defined({
        [MESSAGING_SYSTEM]: LAMBDA_SYSTEM,
        [MESSAGING_DESTINATION_NAME]: asText(caller.functionName) ?? arn.split(":")[6],
        ...(attributes as Record<string, string>),
        [MESSAGE_KEYS]: [`${LAMBDA_SYSTEM}:${arn}`, ...(Array.isArray(keys) ? (keys as string[]) : [])],
        // Which run it is, no event tells: whoever sees them all counts them.
        [MESSAGE_RECEIVE_COUNT]: undefined,
        "aws.lambda.durable_execution.arn": arn,
        // One operation is the execution itself.
        "aws.lambda.durable_execution.replay": operations.length > 1,
      }),
    };
  },
};

/** An execution that failed is an answer like any other to Lambda. */
function recordFailure(span: Span, result: unknown): void {
  const { Status, Error: error } = asObject(result) ?? {};
  if (Status !== "FAILED") return;
  const { ErrorType, ErrorMessage } = asObject(error) ?? {};
  span.setAttribute(ERROR_TYPE, asText(ErrorType) ?? Status);
  span.setStatus({ code: STATUS_ERROR, message: asText(ErrorMessage) ?? "" });
}

/** What the execution was started with. */
function inputOf(execution: unknown): Fields | undefined {
  return parseObject(asText(asObject(asObject(execution)?.ExecutionDetails)?.InputPayload));
}

function contextOf(arn: string) {
  const words = ["a", "b", "c"].map((salt) => hash53(salt + arn).padStart(16, "0"));
  return remoteContext(`${words[0]}${words[1]}`, words[2] ?? "", true);
}
