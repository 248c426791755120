import type { Carried } from "../core/propagation.ts";
import { asObject, asText, type Fields, keyOf, parseObject } from "../events/event-source.ts";
import { LAMBDA_SYSTEM } from "../events/systems.ts";
import type { AwsCommand, AwsCommands } from "./aws-command.ts";
import { describeSend } from "./describe-send.ts";

/**
 * Characters of a client context, base64-encoded.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
const CLIENT_CONTEXT_CHARS_MAX = 3_583;

/** `charge` of a name, `arn:...:function:charge:live` or `123456789012:charge:live`. */
function functionName(given: string | undefined): string | undefined {
  const parts = given?.split(":") ?? [];
  if (parts[5] === "function") return parts[6];
  return /^\d{12}$/.test(parts[0] ?? "") ? parts.at(parts[1] === "function" ? 2 : 1) : parts[0];
}

const invoke: AwsCommand = {
  kind: "producer",
  describe(input) {
    const name = functionName(asText(input.FunctionName)) ?? "unknown";
    const { spanName, attributes } = describeSend(LAMBDA_SYSTEM, name, { body: input.Payload });
    const described = { spanName, attributes: { ...attributes, "faas.invoked_name": name, "faas.invoked_provider": "aws" } };
    return input.InvocationType === "Event" ? described : { ...described, spanName: `invoke ${name}`, kind: "client" };
  },
  inject: (input, carried) => (input.InvocationType === "DryRun" ? input : injectClientContext(input, carried)),
  identify(output) {
    const requestId = asText(asObject(output.$metadata)?.requestId);
    // A durable function is told its execution in every run, the request's id in none but the first.
    const id = asText(output.DurableExecutionArn) ?? requestId;
    const code = asText(output.FunctionError);
    return {
      messageId: requestId,
      keys: keyOf(LAMBDA_SYSTEM, id),
      failures: code ? [{ entryId: "", code, message: "" }] : [],
    };
  },
};

/**
 * Lambda invoking Lambda. The context goes into the client context, which a function gets of a synchronous call
 * alone; the request id, which is the invoked function's too, joins the rest.
 */
export const lambdaCommands: AwsCommands = { "Lambda.Invoke": invoke, "Lambda.InvokeWithResponseStream": invoke };

function injectClientContext(input: Fields, { traceparent, tracestate }: Carried): Fields {
  const given = asText(input.ClientContext);
  const context = given ? parseObject(Buffer.from(given, "base64").toString("utf8")) : {};
  const custom = context && (context.custom === undefined ? {} : asObject(context.custom));
  if (!context || !custom || "traceparent" in custom) return input;
  const carrying = { ...context, custom: { ...custom, traceparent, ...(tracestate && { tracestate }) } };
  const ClientContext = Buffer.from(JSON.stringify(carrying)).toString("base64");
  return ClientContext.length > CLIENT_CONTEXT_CHARS_MAX ? input : { ...input, ClientContext };
}
