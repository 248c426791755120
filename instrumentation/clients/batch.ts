import { asObject, asText, type Fields } from "../events/event-source.ts";
import type { Sent } from "./aws-command.ts";

/** The entries of a batch; empty for anything that is no list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map((entry) => asObject(entry) ?? {}) : [];
}

/** Ids and failures of a `PublishBatch` or `SendMessageBatch`, which answer in the same form. */
export function identifyBatch(system: string, output: Fields): Sent {
  const ids = listOf(output.Successful).flatMap((entry) => asText(entry.MessageId) ?? []);
  return {
    keys: ids.map((id) => `${system}:${id}`),
    failures: listOf(output.Failed).map((entry) => ({
      entryId: asText(entry.Id) ?? "",
      code: asText(entry.Code) ?? "",
      message: asText(entry.Message) ?? "",
    })),
  };
}
