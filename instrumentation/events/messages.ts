/** What triggers with messages have in common. */
import type { Attributes } from "@opentelemetry/api";
import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGE_KEYS_MAX,
  MESSAGE_SENT_MS,
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { RECORDS_MAX } from "../core/limits.ts";
import { describeSender } from "../core/propagation.ts";
import { defined, type Message, type Trigger } from "./event-source.ts";

/** What a source says of all of its messages together. */
export interface MessagesInit {
  readonly system: string;
  /** `pubsub` for queues and topics, `datasource` for streams and stores. */
  readonly faasTrigger: "pubsub" | "datasource";
  readonly destination: string | undefined;
  readonly messages: readonly Message[];
  readonly stopsAtFailure?: boolean;
}

/** The trigger of an event with one or several messages. */
export function messagesTrigger(init: MessagesInit): Trigger {
  const { system, faasTrigger, destination, messages, stopsAtFailure } = init;
  const single = messages.length === 1 ? messages[0] : undefined;
  return {
    spanName: destination ? `process ${destination}` : "process",
    kind: "consumer",
    destination,
    messages,
    ...(single?.context && { parent: single.context }),
    ...(stopsAtFailure && { stopsAtFailure }),
    attributes: {
      ...defined({
        [FAAS_TRIGGER]: faasTrigger,
        [MESSAGING_SYSTEM]: system,
        [MESSAGING_OPERATION_TYPE]: "process",
        [MESSAGING_DESTINATION_NAME]: destination,
      }),
      ...(single
        ? single.attributes
        : { [MESSAGING_BATCH_MESSAGE_COUNT]: messages.length, [MESSAGE_KEYS]: unionOfKeys(messages) }),
    },
  };
}

/** Describes up to {@link RECORDS_MAX} records by `describe`; a record that cannot be read has no attributes. */
export function describeRecords(records: readonly unknown[], describe: (record: unknown) => Message): Message[] {
  return records.map((record, index) => {
    if (index >= RECORDS_MAX) return { record, attributes: {} };
    try {
      const message = describe(record);
      if (!message.context) return message;
      // What the transport itself says goes before what the sender says.
      return { ...message, attributes: { ...describeSender(message.context, MESSAGE_SENT_MS), ...message.attributes } };
    } catch {
      return { record, attributes: {} };
    }
  });
}

function unionOfKeys(messages: readonly Message[]): string[] {
  const keys = new Set<string>();
  for (const { attributes } of messages) {
    for (const key of (attributes as Attributes & { [MESSAGE_KEYS]?: string[] })[MESSAGE_KEYS] ?? []) {
      if (keys.size < MESSAGE_KEYS_MAX) keys.add(key);
    }
  }
  return [...keys];
}
