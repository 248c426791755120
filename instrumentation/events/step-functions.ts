import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGE_RECEIVE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { extractContext, memberGetter } from "./carrier.ts";
import { asObject, asText, defined, type EventSource, type Fields, lastPart } from "./event-source.ts";

export const STEP_FUNCTIONS_SYSTEM = "aws.stepfunctions";

/**
 * A task of a state machine that hands the context object on (`"Payload": {"Execution.$": "$$.Execution",
 * "State.$": "$$.State", "StateMachine.$": "$$.StateMachine"}`). The execution's ARN is the identity that
 * StartExecution gave back; a retry of the state is an attempt.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
 */
export const stepFunctions: EventSource = {
  name: "aws.stepfunctions",
  matches: (event) => contextObject(event) !== undefined,
  describe(event) {
    const context = contextObject(event);
    const state = asObject(context?.State);
    const execution = asText(asObject(context?.Execution)?.Id);
    const machine = lastPart(asText(asObject(context?.StateMachine)?.Id));
    const stateName = asText(state?.Name);
    return {
      spanName: stateName ? `state ${stateName}` : undefined,
      kind: "consumer",
      parent: extractContext(memberGetter(context)) ?? extractContext(memberGetter(event)),
      attributes: defined({
        [FAAS_TRIGGER]: "other",
        [MESSAGING_SYSTEM]: STEP_FUNCTIONS_SYSTEM,
        [MESSAGING_DESTINATION_NAME]: machine ?? execution?.split(":")[6],
        [MESSAGE_KEYS]: execution ? [`${STEP_FUNCTIONS_SYSTEM}:${execution}`] : [],
        [MESSAGE_RECEIVE_COUNT]: Number(state?.RetryCount ?? 0) + 1,
        "aws.step_functions.execution.arn": execution,
      }),
    };
  },
};

function contextObject(event: Fields): Fields | undefined {
  for (const candidate of [event, asObject(event.Payload), asObject(event.context)]) {
    const id = asText(asObject(candidate?.Execution)?.Id);
    if (candidate && id?.includes(":states:")) return candidate;
  }
  return undefined;
}
