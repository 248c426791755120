import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGE_RECEIVE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { hash53 } from "../core/hash.ts";
import { remoteContext } from "../core/trace-parent.ts";
import { extractContext, memberGetter } from "./carrier.ts";
import { LAMBDA_SYSTEM } from "./envelope.ts";
import { asObject, asText, defined, type EventSource, type Fields, parseObject } from "./event-source.ts";

/**
 * A durable function: Lambda invokes it again and again, each time replaying what it has done so far. All
 * invocations of one execution share a trace, whose ids follow from the execution's ARN, so that a replay is
 * never a flow of its own; where the input carries a context, that is the parent of them all.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html
 */
export const durableExecution: EventSource = {
  name: "aws.lambda.durable",
  matches: (event) => asText(event.DurableExecutionArn) !== undefined && "CheckpointToken" in event,
  describe(event, caller) {
    const arn = asText(event.DurableExecutionArn) ?? "";
    return {
      spanName: undefined,
      kind: "consumer",
      parent: extractContext(memberGetter(inputOf(event))) ?? contextOf(arn),
      attributes: defined({
        [FAAS_TRIGGER]: "other",
        [MESSAGING_SYSTEM]: LAMBDA_SYSTEM,
        [MESSAGING_DESTINATION_NAME]: asText(caller.functionName) ?? arn.split(":")[6],
        [MESSAGE_KEYS]: [`${LAMBDA_SYSTEM}:${arn}`],
        [MESSAGE_RECEIVE_COUNT]: replays(event) + 1,
        "aws.lambda.durable_execution.arn": arn,
      }),
    };
  },
};

/** What the execution was started with: the payload of its first operation. */
function inputOf(event: Fields): unknown {
  const operations = asObject(event.InitialExecutionState)?.Operations;
  const first = Array.isArray(operations) ? asObject(operations[0]) : undefined;
  return parseObject(asText(asObject(first?.ExecutionDetails)?.InputPayload)) ?? event.Input;
}

/** 1 where the event brings operations beside the execution's own: it has run before. */
function replays(event: Fields): number {
  const operations = asObject(event.InitialExecutionState)?.Operations;
  return Array.isArray(operations) && operations.length > 1 ? 1 : 0;
}

function contextOf(arn: string) {
  const words = ["a", "b", "c"].map((salt) => hash53(salt + arn).padStart(16, "0"));
  return remoteContext(`${words[0]}${words[1]}`, words[2] ?? "", true);
}
