import { MESSAGE_KEYS, MESSAGING_DESTINATION_NAME, MESSAGING_MESSAGE_ID } from "@hopscope/schema/attributes";
import { openDestination } from "./envelope.ts";
import { asObject, asText, type EventSource } from "./event-source.ts";
import { describeRecords, messagesTrigger } from "./messages.ts";
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
    const request = asObject(event.requestContext);
    const messages = describeRecords(LAMBDA_SYSTEM, [event], () => ({
      attributes: {
        [MESSAGING_DESTINATION_NAME]: envelope?.name,
        [MESSAGING_MESSAGE_ID]: asText(request?.requestId),
        [MESSAGE_KEYS]: [...(envelope?.keys ?? [])],
        "hopscope.event.type": asText(request?.condition),
      },
    }));
    return messagesTrigger({ system: LAMBDA_SYSTEM, faasTrigger: "pubsub", messages });
  },
};
