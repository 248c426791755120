/**
 * Recognises a request that a client sends again because the answer to the first was lost.
 *
 * Segments that are not yet loaded remember their requests themselves; those of loaded ones are kept in two files
 * that take turns, so that a repeat is recognised across a restart, too.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { replayEntriesMax, replayWindowMs } from "./limits.ts";
import { diskFiles, type AppendFile, type WalFiles } from "./wal-files.ts";

const FILE_NAME = /^(\d{16})-[0-9a-f]{8}\.requests$/;
const entryBytes = 24;

/** Requests of the last {@link replayWindowMs}. */
export class RecentRequests {
  readonly #dir: string;
  readonly #files: WalFiles;
  readonly #now: () => number;
  /** Fingerprint to milliseconds since the epoch, oldest first. */
  readonly #seen = new Map<string, number>();
  #current: { readonly file: AppendFile; readonly since: number } | undefined;
  #closed = false;

  private constructor(dir: string, files: WalFiles, now: () => number) {
    this.#dir = dir;
    this.#files = files;
    this.#now = now;
  }

  /** Reads what an earlier collector kept; files past the window are removed. */
  static async open(dir: string, files: WalFiles = diskFiles, now: () => number = Date.now): Promise<RecentRequests> {
    const recent = new RecentRequests(dir, files, now);
    await files.makeDir(dir);
    await recent.#removeOld((path) => recent.#read(path));
    return recent;
  }

  has(fingerprint: string): boolean {
    return this.#seen.has(fingerprint);
  }

  /** The request is durable. */
  add(fingerprint: string, at = this.#now()): void {
    this.#seen.set(fingerprint, at);
    for (const [oldest, since] of this.#seen) {
      if (this.#seen.size <= replayEntriesMax && since > at - replayWindowMs) return;
      this.#seen.delete(oldest);
    }
  }

  /** Makes the requests of a segment durable here, before the segment goes. */
  async keep(fingerprints: readonly string[]): Promise<void> {
    if (fingerprints.length === 0) return;
    const now = this.#now();
    // A clock that was set back must not keep a file in use until it has caught up.
    if (!this.#current || Math.abs(now - this.#current.since) > replayWindowMs) await this.#rotate(now);
    const entries = Buffer.alloc(fingerprints.length * entryBytes);
    fingerprints.forEach((fingerprint, index) => {
      entries.writeBigUInt64LE(BigInt(this.#seen.get(fingerprint) ?? now), index * entryBytes);
      entries.write(fingerprint, index * entryBytes + 8, "hex");
    });
    try {
      await this.#current?.file.append([entries]);
      await this.#current?.file.sync();
    } catch (error) {
      // A part of an entry may be at its end: the next go into another file.
      await this.#closeFile();
      throw error;
    }
  }

  /** Keeps nothing from now on; what a loader keeps meanwhile fails, as if the process had ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#closeFile();
  }

  async #closeFile(): Promise<void> {
    const file = this.#current?.file;
    this.#current = undefined;
    await file?.close();
  }

  async #rotate(now: number): Promise<void> {
    await this.#closeFile();
    const name = `${String(now).padStart(16, "0")}-${randomBytes(4).toString("hex")}.requests`;
    const file = await this.#files.create(join(this.#dir, name));
    this.#current = { file, since: now };
    if (this.#closed) {
      await this.#closeFile();
      throw new Error("the list of recent requests is closed");
    }
    await this.#removeOld(() => undefined);
  }

  /** Removes files whose every entry is past the window, and visits the others. */
  async #removeOld(visit: (path: string) => Promise<void> | undefined): Promise<void> {
    for (const name of await this.#files.list(this.#dir)) {
      const since = FILE_NAME.exec(name)?.[1];
      if (since === undefined) continue;
      const path = join(this.#dir, name);
      if (Number(since) < this.#now() - 2 * replayWindowMs) await this.#files.remove(path);
      else await visit(path);
    }
  }

  async #read(path: string): Promise<void> {
    const bytes = await this.#files.read(path);
    for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
      const since = Number(bytes.readBigUInt64LE(at));
      if (since > this.#now() - replayWindowMs) this.add(bytes.toString("hex", at + 8, at + entryBytes), since);
    }
  }
}
