/** Queues and topics by the names and systems that flows have them by, whatever an SDK called them. */
import { CANONICAL_SYSTEMS } from "../../../schema/message-systems.ts";

const listOf = (texts: Iterable<string>) => `[${[...texts].map((text) => `'${text}'`).join(", ")}]`;

/** SQL for the canonical spelling of a column of `messaging.system`. */
export function systemSql(column: string): string {
  const spellings = `${listOf(CANONICAL_SYSTEMS.keys())}, ${listOf(CANONICAL_SYSTEMS.values())}`;
  return `transform(toString(${column}), ${spellings}, toString(${column}))`;
}

/** SQL for the name in a column of destinations: of a URL or an ARN the last part. */
export function placeNameSql(column: string): string {
  return `replaceRegexpOne(toString(${column}), '^(https?://.*/|arn:.*:)', '')`;
}
