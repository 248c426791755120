import { asObject, asText, type Fields, keyOf } from "../events/event-source.ts";
import type { Sent } from "./aws-command.ts";

/** The entries of a batch; empty for anything that is no list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map((entry) => asObject(entry) ?? {}) : [];
}

/**
 * The entries of a batch with what `inject` puts into each, which is told how many bytes the batch has by then.
 *
 * @param bytesOf what an entry counts with
 */
export function injectEach(
  given: unknown,
  bytesOf: (entry: Fields) => number,
  inject: (entry: Fields, totalBytes: number) => Fields,
): Fields[] {
  const entries = listOf(given);
  let totalBytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  return entries.map((entry) => {
    const injected = inject(entry, totalBytes);
    totalBytes += bytesOf(injected) - bytesOf(entry);
    return injected;
  });
}

/** Of one message that has `id`. */
export function identifyOne(system: string, id: string | undefined): Sent {
  return { messageId: id, keys: keyOf(system, id) };
}

/** Ids and failures of an answer that has one entry for each that was sent, in the same order. */
export function identifyEntries(system: string, given: unknown, idOf: (entry: Fields) => string | undefined): Sent {
  const entries = listOf(given);
  return {
    keys: entries.flatMap((entry) => keyOf(system, idOf(entry))),
    failures: entries.flatMap((entry, index) => {
      const code = asText(entry.ErrorCode);
      return code ? [{ entryId: String(index), code, message: asText(entry.ErrorMessage) ?? "" }] : [];
    }),
  };
}

/** Ids and failures of a `PublishBatch` or `SendMessageBatch`, which answer in the same form. */
export function identifyBatch(system: string, output: Fields): Sent {
  return {
    keys: listOf(output.Successful).flatMap((entry) => keyOf(system, asText(entry.MessageId))),
    failures: listOf(output.Failed).map((entry) => ({
      entryId: asText(entry.Id) ?? "",
      code: asText(entry.Code) ?? "",
      message: asText(entry.Message) ?? "",
    })),
  };
}
