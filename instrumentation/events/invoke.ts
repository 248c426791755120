import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { extractContext, memberGetter } from "./carrier.ts";
import { asObject, asText, defined, type Fields, type Trigger } from "./event-source.ts";
import { LAMBDA_SYSTEM } from "./systems.ts";

/**
 * Whatever no source knows: most likely an `Invoke`. Its context comes in the client context of a synchronous
 * call; an asynchronous one is joined by the request id, which the caller got too.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function describeInvoke(event: unknown, caller: Fields): Trigger {
  const clientContext = asObject(caller.clientContext);
  const custom = asObject(clientContext?.custom) ?? asObject(clientContext?.Custom);
  const id = asText(caller.awsRequestId);
  return {
    spanName: undefined,
    kind: "server",
    parent: extractContext(memberGetter(custom)) ?? extractContext(memberGetter(event)),
    attributes: defined({
      [FAAS_TRIGGER]: "other",
      ...(id && {
        [MESSAGING_SYSTEM]: LAMBDA_SYSTEM,
        [MESSAGING_DESTINATION_NAME]: asText(caller.functionName),
        [MESSAGE_KEYS]: [`${LAMBDA_SYSTEM}:${id}`],
      }),
    }),
  };
}
