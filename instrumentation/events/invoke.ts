import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { extractContext, memberGetter } from "./carrier.ts";
import { LAMBDA_SYSTEM, openDestination } from "./envelope.ts";
import { asObject, asText, defined, type EventSource, type Fields, type Trigger } from "./event-source.ts";
import { messagesTrigger } from "./messages.ts";

/**
 * The outcome of an asynchronous invocation, sent to this function as its destination.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export const destination: EventSource = {
  matches: (event) => openDestination(event) !== undefined,
  describe(event) {
    const envelope = openDestination(event);
    const id = asText(asObject(event.requestContext)?.requestId);
    return messagesTrigger({
      system: LAMBDA_SYSTEM,
      faasTrigger: "pubsub",
      destination: envelope?.name,
      messages: [
        {
          record: event,
          attributes: defined({
            [MESSAGING_MESSAGE_ID]: id,
            [MESSAGE_KEYS]: [...(envelope?.keys ?? [])],
            "hopscope.event.type": asText(asObject(event.requestContext)?.condition),
          }),
        },
      ],
    });
  },
};

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
