/** Who evaluates: one collector of all that share a store, with its epoch as the fencing token. */
import { randomUUID } from "node:crypto";
import { appendEntry, beat, readLog, readTail } from "../../store/queries/alert-log.ts";
import type { Store } from "../../store/store.ts";
import { applyEntry, emptyJournal, snapshotOf, type Journal, type JournalEntry } from "./journal.ts";

/** When a silent holder is taken to be gone, and by which clock. */
export interface LeaseOptions {
  /** A holder that was silent this long has lost it, milliseconds. */
  readonly leaseMs: number;
  /** Nobody else can reach the store (its directory is locked): there is no need to wait for anybody. */
  readonly isExclusive: boolean;
  /** A clock that only goes forward, milliseconds. */
  readonly monotonicMs: () => number;
}

/** Another collector evaluates now; what was not written yet is void. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

/** A snapshot is written after so many entries, which bounds what a start has to read. */
const SNAPSHOT_EVERY = 500;

/** The right to evaluate, together with the log that only its holder appends to. */
export class Lease {
  readonly #store: Store;
  readonly #options: LeaseOptions;
  readonly holder = randomUUID();
  #epoch = 0;
  #seq = 0;
  #sinceSnapshot = 0;
  #isHolder = false;
  /** When it was last certain that nobody else could have taken over. */
  #provenMs = 0;

  constructor(store: Store, options: LeaseOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Whether this collector took the lease and has not heard that it lost it. */
  get isHolder(): boolean {
    return this.#isHolder;
  }

  /** Whether nobody else can hold the lease at this moment. */
  get isCertain(): boolean {
    if (!this.#isHolder) return false;
    return this.#options.isExclusive || this.#options.monotonicMs() - this.#provenMs < this.#options.leaseMs / 2;
  }

  /**
   * Takes the lease if it is free.
   *
   * @returns the journal to go on from, or undefined while another collector holds it
   * @throws StoreError
   */
  async acquire(): Promise<Journal | undefined> {
    const askedMs = this.#options.monotonicMs();
    const tail = await readTail(this.#store);
    const isFree = tail.holder === "" || this.#options.isExclusive || tail.silentMs > this.#options.leaseMs;
    if (!isFree) return undefined;
    const claim = {
      seq: tail.seq + 1,
      epoch: tail.epoch + 1,
      holder: this.holder,
      kind: "claim" as const,
      payload: "{}",
    };
    if (!(await appendEntry(this.#store, claim))) return undefined;
    this.#epoch = claim.epoch;
    this.#seq = claim.seq;
    const journal = await this.read();
    this.#isHolder = true;
    this.#provenMs = askedMs;
    await this.#append("snapshot", snapshotOf(journal));
    return journal;
  }

  /** The journal as it is in the store. @throws StoreError */
  async read(): Promise<Journal> {
    const journal = emptyJournal();
    for (const entry of await readLog(this.#store)) {
      if (entry.kind !== "claim") applyEntry(journal, JSON.parse(entry.payload) as JournalEntry);
    }
    return journal;
  }

  /**
   * Writes changes; after it they are durable.
   *
   * @throws LeaseLostError where another collector has written meanwhile
   * @throws StoreError: written or not, the same changes may be written again
   */
  async write(entry: JournalEntry, journal: Journal): Promise<void> {
    await this.#append("entry", entry);
    this.#sinceSnapshot++;
    if (this.#sinceSnapshot < SNAPSHOT_EVERY) return;
    await this.#append("snapshot", snapshotOf(journal));
    this.#sinceSnapshot = 0;
  }

  /** Says that this collector is alive. @throws LeaseLostError, StoreError */
  async beat(): Promise<void> {
    const askedMs = this.#options.monotonicMs();
    const tail = await readTail(this.#store);
    if (tail.epoch !== this.#epoch) this.#lose();
    await beat(this.#store, this.#epoch, this.holder);
    this.#provenMs = askedMs;
  }

  /** Gives the lease back, so that the next collector need not wait. */
  async release(): Promise<void> {
    if (!this.#isHolder) return;
    this.#isHolder = false;
    await appendEntry(this.#store, {
      seq: this.#seq + 1,
      epoch: this.#epoch + 1,
      holder: "",
      kind: "claim",
      payload: "{}",
    });
  }

  async #append(kind: "entry" | "snapshot", entry: JournalEntry): Promise<void> {
    const askedMs = this.#options.monotonicMs();
    const seq = this.#seq + 1;
    const isOurs = await appendEntry(this.#store, {
      seq,
      epoch: this.#epoch,
      holder: this.holder,
      kind,
      payload: JSON.stringify(entry),
    });
    if (!isOurs) this.#lose();
    this.#seq = seq;
    this.#provenMs = askedMs;
  }

  #lose(): never {
    this.#isHolder = false;
    throw new LeaseLostError("another collector evaluates the alerts now");
  }
}
