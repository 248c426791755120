import type * as Crypto from "node:crypto";
import { BODY_MD5_KEY_PREFIX } from "@hopscope/schema/attributes";
import type { Carried } from "../core/propagation.ts";
import { asObject, asText, type Fields, lastPart, parseObject } from "../events/event-source.ts";
import { SNS_SYSTEM } from "../events/systems.ts";
import type { AwsCommands } from "./aws-command.ts";
import { identifyBatch, identifyOne, injectEach, listOf } from "./batch.ts";
import { describeSend } from "./describe-send.ts";
import { injectMessage, messageBytes } from "./message-attributes.ts";

/**
 * SNS. Where a message's attributes are full nothing is added: the ids that SNS gives back join the hop.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */
export const snsCommands: AwsCommands = {
  "SNS.Publish": {
    kind: "producer",
    describe: (input) => describeSend(SNS_SYSTEM, topicOf(input), { body: input.Message }),
    inject(input, carried) {
      // A text message or a push to a phone carries no attributes to anyone who could read them.
      if (!isTopic(input)) return input;
      return injectInto(input, carried, bytesOf(input));
    },
    identify(output, input) {
      const sent = identifyOne(SNS_SYSTEM, asText(output.MessageId));
      const bodyMd5 = isTopic(input) ? contentOf(input) : undefined;
      return bodyMd5 ? { ...sent, keys: [...sent.keys, BODY_MD5_KEY_PREFIX + bodyMd5], bodyMd5 } : sent;
    },
  },
  "SNS.PublishBatch": {
    kind: "producer",
    describe: (input) =>
      describeSend(SNS_SYSTEM, topicOf(input), { count: listOf(input.PublishBatchRequestEntries).length }),
    inject: (input, carried) => ({
      ...input,
      PublishBatchRequestEntries: injectEach(input.PublishBatchRequestEntries, bytesOf, (entry, totalBytes) =>
        injectInto(entry, carried, totalBytes),
      ),
    }),
    identify(output, input) {
      const sent = identifyBatch(SNS_SYSTEM, output);
      const taken = new Set(listOf(output.Successful).map(({ Id }) => Id));
      const contents = listOf(input.PublishBatchRequestEntries).flatMap((entry) =>
        taken.has(entry.Id) ? (contentOf(entry) ?? []) : [],
      );
      return { ...sent, keys: [...sent.keys, ...contents.map((md5) => BODY_MD5_KEY_PREFIX + md5)] };
    },
  },
};

function topicOf(input: Fields): string {
  return lastPart(asText(input.TopicArn) ?? asText(input.TargetArn)) ?? "sms";
}

/**
 * MD5 in hex of a body that carries no context: raw delivery to a queue keeps the body alone, and SQS gives its MD5
 * with every message. Loads `node:crypto`, which the SDK has loaded to sign its requests; undefined where MD5 is
 * forbidden (FIPS).
 */
function contentOf(entry: Fields): string | undefined {
  if ("traceparent" in (asObject(entry.MessageAttributes) ?? {})) return undefined;
  const body = bodyOf(entry);
  if (body === undefined) return undefined;
  try {
    const crypto = process.getBuiltinModule?.("node:crypto") as typeof Crypto | undefined;
    return crypto?.createHash("md5").update(body).digest("hex");
  } catch {
    return undefined;
  }
}

/** What a queue gets: with `MessageStructure: "json"` a message holds one body for each protocol. */
function bodyOf({ Message, MessageStructure }: Fields): string | undefined {
  if (MessageStructure !== "json") return asText(Message);
  const bodies = parseObject(asText(Message));
  return asText(bodies?.sqs) ?? asText(bodies?.default);
}

function isTopic(input: Fields): boolean {
  const arn = asText(input.TopicArn) ?? asText(input.TargetArn);
  return arn !== undefined && !arn.includes(":endpoint/") && !arn.includes(":app/");
}

function injectInto(entry: Fields, carried: Carried, bytes: number): Fields {
  return injectMessage(entry, carried, bytes) ?? entry;
}

function bytesOf(entry: Fields): number {
  return messageBytes(entry.Message, entry);
}
