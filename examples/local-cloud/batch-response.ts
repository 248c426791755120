import type { InvocationOutcome } from "./runtime-api.ts";

/**
 * Which messages of a batch Lambda deletes after an invocation; the others become visible again when their
 * visibility timeout ends. With ReportBatchItemFailures, an answer that Lambda cannot read, or that names a message
 * which was not in the batch, fails the whole batch.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function handledMessageIds(
  outcome: InvocationOutcome,
  messageIds: readonly string[],
  reportBatchItemFailures: boolean,
): readonly string[] {
  if (outcome.kind === "error") return [];
  if (!reportBatchItemFailures) return messageIds;
  const failed = failedIds(outcome.body);
  if (failed === "unreadable" || failed.some((id) => !messageIds.includes(id))) return [];
  return messageIds.filter((id) => !failed.includes(id));
}

/** `null`, `{}`, a null list and an empty list all mean complete success. */
function failedIds(body: Buffer): readonly string[] | "unreadable" {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString());
  } catch {
    return "unreadable";
  }
  if (typeof answer !== "object" || answer === null) return answer === null ? [] : "unreadable";
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return "unreadable";
  const ids = failures.map((failure: unknown) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return ids.every((id) => typeof id === "string" && id !== "") ? (ids as string[]) : "unreadable";
}
