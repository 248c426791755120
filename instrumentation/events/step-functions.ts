import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGE_RECEIVE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { extractContext, memberGetter } from "./carrier.ts";
import { asObject, asText, defined, type EventSource, type Fields, keyOf, lastPart } from "./event-source.ts";
import { STEP_FUNCTIONS_SYSTEM } from "./systems.ts";

/** Members of an event that are looked at: a bound on work. */
const MEMBERS_MAX = 100;

/**
 * A task of a state machine that hands the context object on: by JSONPath (`"Payload": {"Execution.$":
 * "$$.Execution", ...}` or whole, `"context.$": "$$"`), by JSONata (`"Payload": {"context": "{% $states.context %}"}`),
 * or as Datadog's plugin does, in `_datadog`. The execution's ARN is the identity that StartExecution gave back; a
 * retry of the state is an attempt.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
 */
export const stepFunctions: EventSource = {
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
        [MESSAGE_KEYS]: keyOf(STEP_FUNCTIONS_SYSTEM, execution),
        [MESSAGE_RECEIVE_COUNT]: Number(state?.RetryCount ?? 0) + 1,
        "aws.step_functions.execution.arn": execution,
      }),
    };
  },
};

/** The context object: the event itself, or a member of it or of its `Payload`, under whichever name. */
function contextObject(event: Fields): Fields | undefined {
  if (Array.isArray(event)) return undefined;
  for (const candidate of [event, ...membersOf(event), ...membersOf(asObject(event.Payload) ?? {})]) {
    const id = asText(asObject(asObject(candidate)?.Execution)?.Id);
    if (id?.includes(":states:")) return asObject(candidate);
  }
  return undefined;
}

function membersOf(fields: Fields): unknown[] {
  return Object.values(fields).slice(0, MEMBERS_MAX);
}
