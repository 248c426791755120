import { MESSAGE_KEYS, MESSAGING_MESSAGE_ID } from "@hopscope/schema/attributes";
import { openDestination } from "./envelope.ts";
import { asObject, asText, defined, type EventSource } from "./event-source.ts";
import { messagesTrigger } from "./messages.ts";
import { LAMBDA_SYSTEM } from "./systems.ts";

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
