/** Where the store and the ingestion write what an operator should know; pino's logger fits. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Drops everything: for tests and tools. */
export const silentLog: Log = { info: drop, warn: drop, error: drop };

function drop(): void {
  return;
}
