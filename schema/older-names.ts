/**
 * What attributes were called before the conventions of today, and in which units: SDKs in use still write so, and are
 * read as what they mean. What was sent is stored and exported as it is.
 *
 * @see https://github.com/open-telemetry/semantic-conventions/blob/main/CHANGELOG.md
 */

/** Today `messaging.message.id`. */
export const OLDER_MESSAGE_ID = "messaging.message_id";
/** Today `messaging.operation.type`. */
export const OLDER_OPERATION = "messaging.operation";
/** Today `faas.invocation_id`. */
export const OLDER_INVOCATION_ID = "faas.execution";

/** Today `messaging.destination.name`. */
export const OLDER_DESTINATIONS = ["messaging.source.name", "messaging.destination"] as const;

const BYTES_PER_MIB = 1024 ** 2;

/** A memory limit in bytes: several SDKs write mebibytes, as platforms say it, and no function has less than one. */
export function memoryLimitBytes(value: number): number {
  return value < BYTES_PER_MIB ? value * BYTES_PER_MIB : value;
}
