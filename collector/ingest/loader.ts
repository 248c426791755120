/**
 * Moves closed segments into the store: each as one insert with one token, until it is taken. They begin and end in
 * their order; while one is inserted, the next may be inserted beside it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { aborted } from "./aborted.ts";
import type { Log } from "../store/log.ts";
import { isBadDataCode } from "../store/retryable.ts";
import { StoreError, type Store } from "../store/store.ts";
import { loadRetryMaxMs, loadRetryMinMs, loadsAtATime } from "./limits.ts";
import { MergeHold } from "./merge-hold.ts";
import type { RecentRequests } from "./recent-requests.ts";
import type { SegmentContent } from "./segment.ts";
import type { ClosedSegment, Wal } from "./wal.ts";

/** Tries after which bytes that the store calls wrong are set aside: once may be a broken connection. */
const badDataTries = 3;

/** Tries after which a segment that the disk does not give back is set aside: some three seconds. */
const unreadableTries = 6;

/** What was loaded since the collector started. */
export interface LoadCounts {
  spans: number;
  segments: number;
  /** Inserts that failed and were tried again. */
  retries: number;
  /** Segments that the store refused as bad data, set aside. */
  refusedSegments: number;
}

/** From where to where; `recent` goes on to recognise the requests that were loaded. */
export interface LoaderOptions {
  readonly wal: Wal;
  readonly store: Store;
  readonly recent: RecentRequests;
  readonly table: string;
  readonly log: Log;
}

/** Loads while there is something to load; {@link Loader.wake} says that there may be. */
export class Loader {
  readonly counts: LoadCounts = { spans: 0, segments: 0, retries: 0, refusedSegments: 0 };
  /** Why the last insert failed; undefined while the store takes them. */
  lastError: string | undefined;
  readonly #options: LoaderOptions;
  readonly #stopping = new AbortController();
  /** What is being loaded, oldest first. */
  readonly #underWay = new Map<ClosedSegment, Promise<void>>();

  readonly #merges: MergeHold;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#merges = new MergeHold({ store: options.store, log: options.log, signal: this.#stopping.signal });
  }

  /** Whether what is closed now would have to wait. */
  get isBusy(): boolean {
    // A store that failed gets one at a time, as two may be what was too much for it.
    const most = this.lastError === undefined ? loadsAtATime : 1;
    return this.#underWay.size >= most;
  }

  /** Starts to load what is closed, as far as that does not run already. */
  wake(): void {
    this.#startWaiting({ hasWaited: false });
  }

  /** `hasWaited` says that what is closed had to wait for an insert to end. */
  #startWaiting({ hasWaited }: { readonly hasWaited: boolean }): void {
    for (const segment of this.#options.wal.segments()) {
      if (this.isBusy || this.#stopping.signal.aborted) return;
      if (this.#underWay.has(segment)) continue;
      this.#merges.insertBegins({ isBehind: hasWaited });
      this.#start(segment);
    }
  }

  /** Resolves when nothing closed is left, or the signal aborts. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.#options.wal.first() && !signal.aborted && !this.#stopping.signal.aborted) {
      this.wake();
      await Promise.race([...this.#underWay.values(), aborted(signal)]);
    }
  }

  /** Stops after the inserts that are under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay.values());
    this.#merges.release();
    await this.#merges.settled();
  }

  #start(segment: ClosedSegment): void {
    const before = [...this.#underWay.values()].at(-1);
    const loading = this.#load(segment, before).then(
      () => {
        this.#underWay.delete(segment);
        this.#startWaiting({ hasWaited: true });
        if (this.#underWay.size === 0) this.#merges.release();
      },
      (error: unknown) => {
        this.#underWay.delete(segment);
        this.lastError = String(error);
        this.#options.log.error({ error: String(error) }, "loading stopped");
      },
    );
    this.#underWay.set(segment, loading);
  }

  /** `before` is the load of the segment before, which is done first. */
  async #load(segment: ClosedSegment, before: Promise<void> | undefined): Promise<void> {
    const { wal, log } = this.#options;
    let delayMs = loadRetryMinMs;
    for (let tries = 1; !this.#stopping.signal.aborted; tries += 1) {
      try {
        const content = await this.#read(segment, before, tries);
        if (content === undefined) return;
        const taken = await this.#insert(content.records, content.id || segment.path, tries);
        await before;
        // Whoever stopped this closes the files: the next start loads it again, which the token makes a no-op.
        if (this.#stopping.signal.aborted) return;
        const requests = content.records.flatMap((record) => record.requests);
        const kept = await this.#keep(requests);
        const damaged = !taken || content.id === "" || content.damagedBytes > 0 || content.tailBytes > 0;
        await wal.finish(segment, { damaged });
        // What a failed try sent may still be on its way.
        if (tries === 1) for (const { release } of content.records) release?.();
        // A full disk has room again now: nothing may stand between it and the removal of what is loaded.
        if (!kept) await this.#keep(requests);
        if (taken) this.counts.spans += segment.rows;
        this.counts.segments += 1;
        this.lastError = undefined;
        return;
      } catch (error) {
        this.lastError = error instanceof Error ? error.message : String(error);
        this.counts.retries += 1;
        log.warn({ segment: segment.path, tries, error: this.lastError }, "segment not loaded; trying again");
      }
      await before;
      await delay(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, loadRetryMaxMs);
    }
  }

  /** What the segment holds; undefined where it cannot be read and was set aside, after those before it were done. */
  async #read(
    segment: ClosedSegment,
    before: Promise<void> | undefined,
    tries: number,
  ): Promise<SegmentContent | undefined> {
    const { wal } = this.#options;
    try {
      return await wal.read(segment);
    } catch (error) {
      if (tries < unreadableTries) throw error;
      await before;
      await wal.giveUp(segment, error);
      this.lastError = undefined;
      return undefined;
    }
  }

  /** Whether the requests are remembered beyond a restart; this process remembers them in any case. */
  async #keep(requests: readonly string[]): Promise<boolean> {
    try {
      await this.#options.recent.keep(requests);
      return true;
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, "requests not noted; a repeat after a restart may count twice");
      return false;
    }
  }

  /** Whether the store took them; false where it says, again and again, that the bytes are wrong. */
  async #insert(records: readonly { readonly payload: Uint8Array }[], token: string, tries: number): Promise<boolean> {
    const { store, table, log } = this.#options;
    try {
      await store.insertNative(
        table,
        records.map((record) => record.payload),
        token,
      );
      return true;
    } catch (error) {
      if (!(error instanceof StoreError) || !isBadDataCode(error.code) || tries < badDataTries) throw error;
      this.counts.refusedSegments += 1;
      log.error({ token, error: error.message }, "the store refuses a segment as bad data");
      return false;
    }
  }
}
