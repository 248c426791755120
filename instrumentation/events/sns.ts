import {
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGE_VIA_NAME,
  MESSAGE_VIA_SYSTEM,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_BODY_SIZE,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { extractContext, messageAttributeGetter } from "./carrier.ts";
import { openEnvelope } from "./envelope.ts";
import { asObject, asText, keyOf, lastPart } from "./event-source.ts";
import { recordSource } from "./messages.ts";
import { SNS_SYSTEM } from "./systems.ts";

/**
 * Messages of an SNS topic, delivered to a function without a queue between.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
 */
export const sns = recordSource("aws:sns", { system: SNS_SYSTEM, faasTrigger: "pubsub" }, (fields) => {
  const message = asObject(fields.Sns) ?? {};
  const id = asText(message.MessageId);
  const body = asText(message.Message);
  const envelope = openEnvelope(body);
  return {
    context: extractContext(messageAttributeGetter(message.MessageAttributes)) ?? envelope?.context,
    attributes: {
      [MESSAGING_DESTINATION_NAME]: lastPart(asText(message.TopicArn)),
      [MESSAGING_MESSAGE_ID]: id,
      [MESSAGE_KEYS]: [...keyOf(SNS_SYSTEM, id), ...(envelope?.keys ?? [])],
      [MESSAGE_SENT_MS]: Date.parse(asText(message.Timestamp) ?? ""),
      [MESSAGING_MESSAGE_BODY_SIZE]: body === undefined ? undefined : Buffer.byteLength(body),
      [MESSAGE_VIA_SYSTEM]: envelope?.system,
      [MESSAGE_VIA_NAME]: envelope?.name,
    },
  };
});
