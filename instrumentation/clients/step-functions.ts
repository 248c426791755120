import { asText, type Fields, lastPart } from "../events/event-source.ts";
import { STEP_FUNCTIONS_SYSTEM } from "../events/systems.ts";
import { toXray } from "../events/x-ray.ts";
import type { AwsCommand, AwsCommands } from "./aws-command.ts";
import { identifyOne } from "./batch.ts";
import { describeSend } from "./describe-send.ts";

const start: AwsCommand = {
  kind: "producer",
  describe: ({ stateMachineArn, input }) =>
    describeSend(STEP_FUNCTIONS_SYSTEM, lastPart(asText(stateMachineArn)), { body: input }),
  inject: (input, { span }): Fields => ({ traceHeader: toXray(span.spanContext()), ...input }),
  identify: (output) => identifyOne(STEP_FUNCTIONS_SYSTEM, asText(output.executionArn)),
};

/**
 * Step Functions. The user's input stays as it is; the execution's ARN joins the tasks that are told it.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
export const stepFunctionsCommands: AwsCommands = {
  "SFN.StartExecution": start,
  "SFN.StartSyncExecution": { ...start, describe: (input) => ({ ...start.describe(input), kind: "client" }) },
};
