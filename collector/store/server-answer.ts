/** What a server's refusal, or its silence, is to the rest of the collector: for queries and inserts alike. */
import { StoreError } from "./store.ts";

/** Of an error's text, characters. */
export const messageMaxLength = 2_000;

/** The error of a call that got no answer, or half of one: it may succeed later. */
export function unreachable(error: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(`ClickHouse did not answer: ${message}`, { retryable: true, cause: error });
}
