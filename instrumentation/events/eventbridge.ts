import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { isEventBridge, openEventBridge } from "./envelope.ts";
import { asText, defined, type EventSource, type Fields, type Trigger } from "./event-source.ts";
import { describeRecords, messagesTrigger } from "./messages.ts";
import { EVENTBRIDGE_SYSTEM } from "./systems.ts";

/**
 * Events of an EventBridge bus, of a schedule, and of AWS services.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
export const eventBridge: EventSource = {
  matches: isEventBridge,
  describe(event) {
    return event["detail-type"] === "Scheduled Event" ? describeSchedule(event) : describeEvent(event);
  },
};

function describeEvent(event: Fields): Trigger {
  const { context, keys, name } = openEventBridge(event);
  const messages = describeRecords(EVENTBRIDGE_SYSTEM, [event], () => ({
    context,
    attributes: {
      // The event does not say which bus it was on; its source is what a reader knows it by.
      [MESSAGING_DESTINATION_NAME]: name,
      [MESSAGING_MESSAGE_ID]: asText(event.id),
      [MESSAGE_KEYS]: [...keys],
      [MESSAGE_SENT_MS]: Date.parse(asText(event.time) ?? ""),
      "hopscope.event.type": asText(event["detail-type"]),
    },
  }));
  return messagesTrigger({ system: EVENTBRIDGE_SYSTEM, faasTrigger: "pubsub", messages });
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html */
function describeSchedule(event: Fields): Trigger {
  const resources = Array.isArray(event.resources) ? event.resources : [];
  const rule = asText(resources[0])?.split("/").at(-1);
  return {
    spanName: rule ? `schedule ${rule}` : "schedule",
    kind: "server",
    attributes: defined({ [FAAS_TRIGGER]: "timer", "faas.time": asText(event.time) }),
  };
}
