/**
 * Files of loaded segments that are kept to be written over: their blocks are there and their size does not change, so
 * that to make a record durable takes no commit of the file system's journal, which waits for everybody's.
 */
import type { Log } from "../store/log.ts";
import {
  spareFilesMax,
  spareIdleMaxMs,
  spareSizeMaxBytes,
  spareSmallMaxBytes,
  spareUsedMin,
} from "./limits.ts";
import { spareNameOf } from "./segment-names.ts";
import type { WalFiles } from "./wal-files.ts";

/** A file that may be written over. */
export interface SpareFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Where they are, and how many bytes of them are kept. */
export interface SpareFilesOptions {
  readonly files: WalFiles;
  readonly log: Log;
  readonly sizeMaxBytes?: number | undefined;
}

/** Keeps a few files, given up where the disk has no room, nobody needs them for long, or the log is closed. */
export class SpareFiles {
  readonly #files: WalFiles;
  readonly #log: Log;
  readonly #sizeMaxBytes: number;
  /** Smallest first. */
  #spares: SpareFile[] = [];
  #hasRoom = true;
  #isClosed = false;
  /** When one was kept or taken last, ms of `performance.now()`. */
  #usedAt = performance.now();

  constructor({ files, log, sizeMaxBytes = spareSizeMaxBytes }: SpareFilesOptions) {
    this.#files = files;
    this.#log = log;
    this.#sizeMaxBytes = sizeMaxBytes;
  }

  get sizeBytes(): number {
    return this.#spares.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get count(): number {
    return this.#spares.length;
  }

  /** A segment is loaded, of whose file `usedBytes` were its own: the file is kept, or removed. */
  async keep({ path, sizeBytes }: SpareFile, usedBytes: number): Promise<void> {
    if (!this.#isWorthIt(sizeBytes, usedBytes)) return this.#files.remove(path);
    const spare = { path: spareNameOf(path), sizeBytes };
    try {
      await this.#files.renameSoon(path, spare.path);
    } catch {
      // It is gone already, or the disk says why it is not.
      return this.#files.remove(path);
    }
    this.#usedAt = performance.now();
    if (this.#isClosed || !this.#hasRoom) return this.#files.remove(spare.path);
    this.#spares = [...this.#spares, spare].sort((a, b) => a.sizeBytes - b.sizeBytes);
  }

  /** The largest, which is the taker's from now on. */
  take(): SpareFile | undefined {
    this.#usedAt = performance.now();
    return this.#spares.pop();
  }

  /** Called now and then: gives up what the disk has no room for. */
  async tidy(hasRoom: boolean): Promise<void> {
    this.#hasRoom = hasRoom;
    if (!hasRoom) await this.giveUp();
  }

  /** Whether nobody needed one for so long that they should go. */
  isIdle(nowMs: number): boolean {
    return nowMs - this.#usedAt > spareIdleMaxMs;
  }

  /** Removes them; never rejects, as the next start removes what is left. */
  async giveUp(): Promise<void> {
    for (let spare = this.#spares.pop(); spare; spare = this.#spares.pop()) {
      const { path } = spare;
      await this.#files.remove(path).catch((error: unknown) => {
        this.#log.warn({ path, error: String(error) }, "a file that is kept for later could not be removed");
      });
    }
  }

  /** Keeps none from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.giveUp();
  }

  #isWorthIt(sizeBytes: number, usedBytes: number): boolean {
    if (this.#isClosed || !this.#hasRoom || this.count >= spareFilesMax) return false;
    // Segments became small: a large file would only take room.
    if (sizeBytes > spareSmallMaxBytes && usedBytes < spareUsedMin * sizeBytes) return false;
    return this.sizeBytes + sizeBytes <= this.#sizeMaxBytes;
  }
}
