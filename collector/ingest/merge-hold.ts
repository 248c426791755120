/**
 * While the store is behind, merges of the tables that views fill wait: they would take a tenth of its time, and what
 * is merged later is merged fewer times. Only so many inserts long, as each leaves a part in every table, into which
 * look-ups look one by one; as many inserts then have to go by without before merges wait again.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../store/log.ts";
import type { Store } from "../store/store.ts";
import { loadRetryMaxMs, loadRetryMinMs, mergesHeldMaxInserts } from "./limits.ts";

/** What a hold works on; a store without `holdMerges` merges as it likes. */
export interface MergeHoldOptions {
  readonly store: Pick<Store, "holdMerges">;
  readonly log: Log;
  /** Aborting it ends the tries to reach a store that does not answer. */
  readonly signal: AbortSignal;
}

/** Told of every insert, says when merges wait. */
export class MergeHold {
  readonly #options: MergeHoldOptions;
  #isWanted = false;
  /** What the store was told last; undefined where nobody knows whether it heard. */
  #isHeld: boolean | undefined = false;
  #telling: Promise<void> | undefined;
  /** Inserts that went by with merges held, less those without. */
  #heldInserts = 0;
  /** Whether merges may not wait until those were made up for. */
  #isSpent = false;

  constructor(options: MergeHoldOptions) {
    this.#options = options;
  }

  /** An insert begins; `isBehind` says that it had to wait for another. */
  insertBegins({ isBehind }: { readonly isBehind: boolean }): void {
    this.#heldInserts = this.#isWanted ? this.#heldInserts + 1 : Math.max(0, this.#heldInserts - 1);
    if (this.#heldInserts >= mergesHeldMaxInserts) this.#isSpent = true;
    else if (this.#heldInserts === 0) this.#isSpent = false;
    this.#want(isBehind && !this.#isSpent);
  }

  /** Nothing is left to insert. */
  release(): void {
    this.#want(false);
  }

  /** Resolves when the store knows, or is no longer told. */
  async settled(): Promise<void> {
    await this.#telling;
  }

  #want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (this.#options.store.holdMerges === undefined || this.#telling || this.#isHeld === isWanted) return;
    this.#telling = this.#tell().finally(() => {
      this.#telling = undefined;
      // What was wanted since its last look.
      if (!this.#options.signal.aborted) this.#want(this.#isWanted);
    });
  }

  async #tell(): Promise<void> {
    const { store, log, signal } = this.#options;
    let delayMs = loadRetryMinMs;
    while (this.#isHeld !== this.#isWanted) {
      const isWanted = this.#isWanted;
      this.#isHeld = undefined;
      try {
        await store.holdMerges?.(isWanted);
        this.#isHeld = isWanted;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: String(error), isWanted }, "the store was not told whether merges wait; trying again");
        await delay(delayMs, undefined, { signal }).catch(() => undefined);
        delayMs = Math.min(delayMs * 2, loadRetryMaxMs);
      }
    }
  }
}
