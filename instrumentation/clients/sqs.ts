import { type Carried, CARRIED } from "../core/propagation.ts";
import { asObject, asText, type Fields, lastPart } from "../events/event-source.ts";
import { rememberQueue } from "../events/sdk-messages.ts";
import { SQS_SYSTEM } from "../events/systems.ts";
import { toXray } from "../events/x-ray.ts";
import type { AwsCommands } from "./aws-command.ts";
import { identifyBatch, identifyOne, injectEach, listOf } from "./batch.ts";
import { describeSend } from "./describe-send.ts";
import { injectMessage, messageBytes } from "./message-attributes.ts";

/** What is asked for with every received message, beside what the user asks for. */
const SYSTEM_NAMES = [
  "AWSTraceHeader",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "MessageGroupId",
  "DeadLetterQueueSourceArn",
];
/** Ours, and the names under which other tracers leave their context. */
const ATTRIBUTE_NAMES = [...CARRIED, "_datadog", "b3", "sentry-trace", "X-Amzn-Trace-Id"];

/**
 * SQS. Where a message's ten attributes are full, the context goes into the system attribute `AWSTraceHeader`,
 * which counts neither among the ten nor in the size.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export const sqsCommands: AwsCommands = {
  "SQS.SendMessage": {
    kind: "producer",
    describe: (input) => describeSend(SQS_SYSTEM, queueOf(input), { body: input.MessageBody }),
    inject: (input, carried) => injectInto(input, carried, bytesOf(input)),
    identify: (output) => identifyOne(SQS_SYSTEM, asText(output.MessageId)),
  },
  "SQS.SendMessageBatch": {
    kind: "producer",
    describe: (input) => describeSend(SQS_SYSTEM, queueOf(input), { count: listOf(input.Entries).length }),
    inject: (input, carried) => ({
      ...input,
      Entries: injectEach(input.Entries, bytesOf, (entry, totalBytes) => injectInto(entry, carried, totalBytes)),
    }),
    identify: (output) => identifyBatch(SQS_SYSTEM, output),
  },
  "SQS.ReceiveMessage": {
    kind: "client",
    describe: (input) => describeSend(SQS_SYSTEM, queueOf(input), { operation: "receive" }),
    prepare: (input) => ({
      ...input,
      MessageAttributeNames: withNames(input.MessageAttributeNames, ATTRIBUTE_NAMES),
      // The name it had before 2024, which means the same: of both, nobody says which one counts.
      MessageSystemAttributeNames: withNames(input.MessageSystemAttributeNames ?? input.AttributeNames, SYSTEM_NAMES),
    }),
    onOutput(output, input) {
      const queue = queueOf(input);
      if (!queue || !Array.isArray(output.Messages)) return;
      for (const message of output.Messages) rememberQueue(message as object, queue);
    },
  },
};

function injectInto(entry: Fields, carried: Carried, bytes: number): Fields {
  const injected = injectMessage(entry, carried, bytes);
  if (injected) return injected;
  const system = asObject(entry.MessageSystemAttributes);
  const names = Object.keys(asObject(entry.MessageAttributes) ?? {});
  if (system?.AWSTraceHeader !== undefined || names.some((name) => name.toLowerCase() === "traceparent")) return entry;
  const header = { DataType: "String", StringValue: toXray(carried.span.spanContext()) };
  return { ...entry, MessageSystemAttributes: { ...system, AWSTraceHeader: header } };
}

function bytesOf(entry: Fields): number {
  return messageBytes(entry.MessageBody, entry);
}

function queueOf(input: Fields): string | undefined {
  return lastPart(asText(input.QueueUrl));
}

function withNames(given: unknown, names: readonly string[]): string[] {
  const asked = Array.isArray(given) ? given.filter((name) => typeof name === "string") : [];
  return asked.includes("All") || asked.includes(".*") ? asked : [...new Set([...asked, ...names])];
}
