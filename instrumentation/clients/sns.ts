import type * as Crypto from "node:crypto";
import {
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_BODY_SIZE,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import type { Carried } from "../core/propagation.ts";
import { asObject, asText, defined, type Fields, lastPart } from "../events/event-source.ts";
import { SNS_SYSTEM } from "../events/envelope.ts";
import type { AwsCommands } from "./aws-command.ts";
import { identifyBatch, listOf } from "./batch.ts";
import { attributeBytes, crossesLimit, injectAttributes, textBytes } from "./message-attributes.ts";

/**
 * SNS. Where a message's attributes are full nothing is added: the ids that SNS gives back join the hop.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */
export const snsCommands: AwsCommands = {
  "SNS.Publish": {
    kind: "producer",
    describe: (input) => describe(input, { [MESSAGING_MESSAGE_BODY_SIZE]: textBytes(input.Message) }),
    inject(input, carried) {
      // A text message or a push to a phone carries no attributes to anyone who could read them.
      if (!isTopic(input)) return input;
      return injectInto(input, carried, bytesOf(input));
    },
    identify(output, input) {
      const id = asText(output.MessageId);
      const carries = "traceparent" in (asObject(input.MessageAttributes) ?? {});
      return {
        messageId: id,
        keys: id ? [`${SNS_SYSTEM}:${id}`] : [],
        // Raw delivery to a queue keeps the body alone; SQS gives its MD5 with every message.
        bodyMd5: carries ? undefined : md5(asText(input.Message)),
      };
    },
  },
  "SNS.PublishBatch": {
    kind: "producer",
    describe: (input) =>
      describe(input, { [MESSAGING_BATCH_MESSAGE_COUNT]: listOf(input.PublishBatchRequestEntries).length }),
    inject(input, carried) {
      let totalBytes = listOf(input.PublishBatchRequestEntries).reduce((sum, entry) => sum + bytesOf(entry), 0);
      const entries = listOf(input.PublishBatchRequestEntries).map((entry) => {
        const injected = injectInto(entry, carried, totalBytes);
        totalBytes += bytesOf(injected) - bytesOf(entry);
        return injected;
      });
      return { ...input, PublishBatchRequestEntries: entries };
    },
    identify: (output) => identifyBatch(SNS_SYSTEM, output),
  },
};

function describe(input: Fields, extra: Record<string, number>) {
  const destination = lastPart(asText(input.TopicArn) ?? asText(input.TargetArn)) ?? "sms";
  return {
    spanName: `send ${destination}`,
    attributes: defined({
      [MESSAGING_SYSTEM]: SNS_SYSTEM,
      [MESSAGING_OPERATION_TYPE]: "send",
      [MESSAGING_DESTINATION_NAME]: destination,
      ...extra,
    }),
  };
}

/** MD5 in hex. Loads `node:crypto`, which the SDK has loaded to sign its requests. */
function md5(text: string | undefined): string | undefined {
  const crypto = process.getBuiltinModule?.("node:crypto") as typeof Crypto | undefined;
  return text === undefined ? undefined : crypto?.createHash("md5").update(text).digest("hex");
}

function isTopic(input: Fields): boolean {
  const arn = asText(input.TopicArn) ?? asText(input.TargetArn);
  return arn !== undefined && !arn.includes(":endpoint/") && !arn.includes(":app/");
}

function injectInto(entry: Fields, carried: Carried, bytes: number): Fields {
  const injected = injectAttributes(asObject(entry.MessageAttributes), carried);
  if (!injected || crossesLimit(bytes, injected.addedBytes)) return entry;
  return { ...entry, MessageAttributes: injected.attributes };
}

function bytesOf(entry: Fields): number {
  return textBytes(entry.Message) + attributeBytes(asObject(entry.MessageAttributes));
}
