/** Why the store could not be opened at start. */
export type StoreStartReason = "cannot-run" | "data-dir-in-use" | "data-dir-unwritable" | "disk-full" | "unreachable" | "migration";

/** The store cannot be opened; the message is one line that says what to do. */
export class StoreStartError extends Error {
  override readonly name = "StoreStartError";
  readonly reason: StoreStartReason;

  constructor(reason: StoreStartReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}
