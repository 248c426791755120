import type { Emulator } from "./emulator.ts";
import { snsAttributesProblem, type AttributeValue } from "./message-attributes.ts";

/** Bodies and attributes of one PublishBatch together, as of one Publish: 256 KiB. */
const BATCH_SIZE_BYTES_MAX = 262_144;

interface Problem {
  readonly code: string;
  readonly message: string;
}

/**
 * Makes the emulator refuse what SNS refuses and it takes: empty attribute values and malformed attribute names,
 * and a batch that is too long in sum. (AWS may fail single entries of a batch for their attributes; here the
 * whole batch fails.) Call it before the emulator listens.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 * @see https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */
export function enforceSns(app: Emulator): void {
  app.addHook("preHandler", async (request, reply) => {
    if (!(request.headers["content-type"] ?? "").includes("application/x-www-form-urlencoded")) return;
    const form = request.body as Readonly<Record<string, string>>;
    const problem = publishProblem(form);
    if (problem === undefined) return;
    return reply.code(400).header("content-type", "text/xml").send(errorXml(problem));
  });
}

function publishProblem(form: Readonly<Record<string, string>>): Problem | undefined {
  const batch = form["Action"] === "PublishBatch";
  if (!batch && form["Action"] !== "Publish") return undefined;
  if (batch && batchSizeBytes(form) > BATCH_SIZE_BYTES_MAX) {
    return { code: "BatchRequestTooLong", message: "The length of all the messages put together is more than the limit." };
  }
  for (const attributes of attributesByMessage(form).values()) {
    const message = snsAttributesProblem(attributes);
    if (message !== undefined) return { code: "ParameterValueInvalid", message };
  }
  return undefined;
}

/**
 * Attributes by the part of the form key before them ("" for Publish). The query protocol spreads them:
 * `MessageAttributes.entry.1.Name`, `MessageAttributes.entry.1.Value.StringValue`, each behind
 * `PublishBatchRequestEntries.member.1.` in a batch.
 */
function attributesByMessage(form: Readonly<Record<string, string>>): Map<string, Record<string, AttributeValue>> {
  const messages = new Map<string, Record<string, AttributeValue>>();
  for (const [key, name] of Object.entries(form)) {
    const match = /^(.*)MessageAttributes\.entry\.\d+\.Name$/.exec(key);
    if (match === null) continue;
    const entry = key.slice(0, -"Name".length);
    const prefix = match[1] ?? "";
    const attributes = messages.get(prefix) ?? {};
    attributes[name] = {
      DataType: form[`${entry}Value.DataType`],
      StringValue: form[`${entry}Value.StringValue`],
      BinaryValue: form[`${entry}Value.BinaryValue`],
    };
    messages.set(prefix, attributes);
  }
  return messages;
}

function batchSizeBytes(form: Readonly<Record<string, string>>): number {
  const counted = /^PublishBatchRequestEntries\.member\.\d+\.(Message$|MessageAttributes\.entry\.\d+\.)/;
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(form)) if (counted.test(key)) sizeBytes += Buffer.byteLength(value);
  return sizeBytes;
}

function errorXml({ code, message }: Problem): string {
  const escaped = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped}</Message></Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>`;
}
