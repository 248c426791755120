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
import {
  asObject,
  asText,
  defined,
  type EventSource,
  type Fields,
  firstRecord,
  type Message,
  recordsOf,
  type Trigger,
} from "./event-source.ts";

/** What a source says of all of its messages together. */
export interface MessagesInit {
  readonly system: string;
  /** `pubsub` for queues and topics, `datasource` for streams and stores. */
  readonly faasTrigger: "pubsub" | "datasource";
  readonly messages: readonly Message[];
  readonly stopsAtFailure?: boolean;
}

/** What one record says of its message; attributes that are undefined are left out. */
export type RecordParts = Omit<Message, "record" | "attributes"> & { readonly attributes: Parameters<typeof defined>[0] };

/** A source whose events are lists of records, told by what the first of them calls its source. */
export function recordSource(
  name: string,
  init: Omit<MessagesInit, "messages">,
  describe: (record: Fields) => RecordParts,
): EventSource {
  return {
    matches(event) {
      const first = firstRecord(event);
      return (first?.eventSource ?? first?.EventSource) === name;
    },
    describe(event) {
      return messagesTrigger({ ...init, messages: describeRecords(init.system, recordsOf(event), describe) });
    },
  };
}

/** The trigger of an event with one or several messages. */
export function messagesTrigger(init: MessagesInit): Trigger {
  const { system, faasTrigger, messages, stopsAtFailure } = init;
  const destination = asText(messages[0]?.attributes[MESSAGING_DESTINATION_NAME]);
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
export function describeRecords(
  system: string,
  records: readonly unknown[],
  describe: (record: Fields) => RecordParts,
): Message[] {
  return records.map((record, index) => {
    const unknown = { record, attributes: {} };
    if (index >= RECORDS_MAX) return unknown;
    try {
      const parts = describe(asObject(record) ?? {});
      const attributes = {
        // What the transport itself says goes before what the sender says.
        ...(parts.context && describeSender(parts.context, MESSAGE_SENT_MS)),
        ...defined({ [MESSAGING_SYSTEM]: system, [MESSAGING_OPERATION_TYPE]: "process", ...parts.attributes }),
      };
      return { ...parts, record, attributes };
    } catch {
      return unknown;
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
