import {
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_BODY_SIZE,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import type { Carried } from "../core/propagation.ts";
import { asObject, asText, defined, type Fields, lastPart } from "../events/event-source.ts";
import { FOREIGN_NAMES, toXray } from "../events/foreign-context.ts";
import { rememberQueue } from "../events/sdk-messages.ts";
import { SQS_SYSTEM } from "../events/sqs.ts";
import type { AwsCommands } from "./aws-command.ts";
import { identifyBatch, listOf } from "./batch.ts";
import { attributeBytes, crossesLimit, injectAttributes, textBytes } from "./message-attributes.ts";

/** What is asked for with every received message, beside what the user asks for. */
const SYSTEM_NAMES = [
  "AWSTraceHeader",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "MessageGroupId",
  "DeadLetterQueueSourceArn",
];
const ATTRIBUTE_NAMES = ["traceparent", "tracestate", ...FOREIGN_NAMES];

/**
 * SQS. Where a message's ten attributes are full, the context goes into the system attribute `AWSTraceHeader`,
 * which counts neither among the ten nor in the size.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export const sqsCommands: AwsCommands = {
  "SQS.SendMessage": {
    kind: "producer",
    describe: (input) => describe(input, "send", { [MESSAGING_MESSAGE_BODY_SIZE]: textBytes(input.MessageBody) }),
    inject: (input, carried) => injectInto(input, carried, bytesOf(input)),
    identify(output) {
      const id = asText(output.MessageId);
      return { messageId: id, keys: id ? [`${SQS_SYSTEM}:${id}`] : [] };
    },
  },
  "SQS.SendMessageBatch": {
    kind: "producer",
    describe: (input) => describe(input, "send", { [MESSAGING_BATCH_MESSAGE_COUNT]: listOf(input.Entries).length }),
    inject(input, carried) {
      let totalBytes = listOf(input.Entries).reduce((sum, entry) => sum + bytesOf(entry), 0);
      const entries = listOf(input.Entries).map((entry) => {
        const injected = injectInto(entry, carried, totalBytes);
        totalBytes += bytesOf(injected) - bytesOf(entry);
        return injected;
      });
      return { ...input, Entries: entries };
    },
    identify: (output) => identifyBatch(SQS_SYSTEM, output),
  },
  "SQS.ReceiveMessage": {
    kind: "client",
    describe: (input) => describe(input, "receive", {}),
    prepare: (input) => ({
      ...input,
      MessageAttributeNames: withNames(input.MessageAttributeNames, ATTRIBUTE_NAMES),
      MessageSystemAttributeNames: withNames(input.MessageSystemAttributeNames, SYSTEM_NAMES),
    }),
    onOutput(output, input) {
      const queue = lastPart(asText(input.QueueUrl));
      if (!queue || !Array.isArray(output.Messages)) return;
      for (const message of output.Messages) rememberQueue(message as object, queue);
    },
  },
};

function describe(input: Fields, operation: "send" | "receive", extra: Record<string, number>) {
  const destination = lastPart(asText(input.QueueUrl)) ?? "unknown";
  return {
    spanName: `${operation} ${destination}`,
    attributes: defined({
      [MESSAGING_SYSTEM]: SQS_SYSTEM,
      [MESSAGING_OPERATION_TYPE]: operation,
      [MESSAGING_DESTINATION_NAME]: destination,
      ...extra,
    }),
  };
}

function injectInto(entry: Fields, carried: Carried, bytes: number): Fields {
  const injected = injectAttributes(asObject(entry.MessageAttributes), carried);
  if (injected && !crossesLimit(bytes, injected.addedBytes)) {
    return { ...entry, MessageAttributes: injected.attributes };
  }
  const system = asObject(entry.MessageSystemAttributes);
  const names = Object.keys(asObject(entry.MessageAttributes) ?? {});
  if (system?.AWSTraceHeader !== undefined || names.some((name) => name.toLowerCase() === "traceparent")) return entry;
  const header = { DataType: "String", StringValue: toXray(carried.span.spanContext()) };
  return { ...entry, MessageSystemAttributes: { ...system, AWSTraceHeader: header } };
}

function bytesOf(entry: Fields): number {
  return textBytes(entry.MessageBody) + attributeBytes(asObject(entry.MessageAttributes));
}

function withNames(given: unknown, names: readonly string[]): string[] {
  const asked = Array.isArray(given) ? given.filter((name) => typeof name === "string") : [];
  return asked.includes("All") || asked.includes(".*") ? asked : [...new Set([...asked, ...names])];
}
