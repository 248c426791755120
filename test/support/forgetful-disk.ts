/** A disk in memory that does what real ones do: forgets what was not synced, fills up, fails, undoes a removal. */
import { basename, dirname } from "node:path";
import type { AppendFile, WalFiles } from "../../collector/ingest/wal-files.ts";

interface FakeFile {
  bytes: Buffer;
  /** Bytes that a power cut leaves. */
  durableBytes: number;
}

export interface PowerCut {
  readonly keptFraction: number;
  readonly zeros: boolean;
  readonly undoRemovals: boolean;
}

class DiskError extends Error {}

export class ForgetfulDisk implements WalFiles {
  readonly #files = new Map<string, FakeFile>();
  /** Files that were removed since the last power cut: their removal was not synced. */
  #removed = new Map<string, FakeFile>();
  /** Bytes that can still be written; beyond them an append writes a part and fails. */
  roomBytes = Infinity;
  /** The next sync fails, and nothing of what it should have made durable is. */
  failSync = false;
  /** Who mounted it before a power cut does nothing any more. */
  #generation = 0;

  /** The disk as one process sees it, until its power is cut. */
  mount(): WalFiles {
    const generation = this.#generation;
    const gone = (): Promise<never> | undefined =>
      generation === this.#generation ? undefined : Promise.reject(new DiskError("the power is gone"));
    return {
      makeDir: () => gone() ?? this.makeDir(),
      list: (dir) => gone() ?? this.list(dir),
      read: (path) => gone() ?? this.read(path),
      create: (path) => gone() ?? this.create(path),
      truncate: (path, sizeBytes) => gone() ?? this.truncate(path, sizeBytes),
      rename: (from, to) => gone() ?? this.rename(from, to),
      remove: (path) => gone() ?? this.remove(path),
      freeBytes: () => gone() ?? this.freeBytes(),
    };
  }

  /**
   * Power is cut: of each file's unsynced bytes the first `keptFraction` survives, as zeros where `zeros` says so
   * (length written, data not), and removed files are back where `undoRemovals` says so.
   */
  cutPower({ keptFraction, zeros, undoRemovals }: PowerCut): void {
    this.#generation += 1;
    if (undoRemovals) for (const [path, file] of this.#removed) if (!this.#files.has(path)) this.#files.set(path, file);
    this.#removed = new Map();
    for (const file of this.#files.values()) {
      const kept = file.durableBytes + Math.floor((file.bytes.length - file.durableBytes) * keptFraction);
      file.bytes = Buffer.from(file.bytes.subarray(0, kept));
      if (zeros) file.bytes.fill(0, file.durableBytes);
      file.durableBytes = kept;
    }
    this.roomBytes = Infinity;
    this.failSync = false;
  }

  makeDir(): Promise<void> {
    return Promise.resolve();
  }

  list(dir: string): Promise<string[]> {
    const names = [...this.#files.keys()].filter((path) => dirname(path) === dir).map((path) => basename(path));
    return Promise.resolve(names.sort());
  }

  async read(path: string): Promise<Buffer> {
    return Buffer.from(this.#file(path).bytes);
  }

  create(path: string): Promise<AppendFile> {
    if (this.#files.has(path)) return Promise.reject(new DiskError(`EEXIST ${path}`));
    const file: FakeFile = { bytes: Buffer.alloc(0), durableBytes: 0 };
    this.#files.set(path, file);
    const generation = this.#generation;
    const alive = () => {
      if (generation !== this.#generation) throw new DiskError("the power is gone");
    };
    return Promise.resolve({
      append: async (parts) => {
        alive();
        const wanted = Buffer.concat(parts);
        const written = wanted.subarray(0, Math.min(wanted.length, this.roomBytes));
        this.roomBytes -= written.length;
        file.bytes = Buffer.concat([file.bytes, written]);
        if (written.length < wanted.length) throw new DiskError("ENOSPC");
      },
      sync: async () => {
        alive();
        if (this.failSync) {
          this.failSync = false;
          throw new DiskError("EIO");
        }
        file.durableBytes = file.bytes.length;
      },
      truncate: async (sizeBytes) => {
        alive();
        file.bytes = Buffer.from(file.bytes.subarray(0, sizeBytes));
        file.durableBytes = Math.min(file.durableBytes, sizeBytes);
      },
      close: async () => undefined,
    });
  }

  async truncate(path: string, sizeBytes: number): Promise<void> {
    const file = this.#file(path);
    file.bytes = Buffer.from(file.bytes.subarray(0, sizeBytes));
    file.durableBytes = Math.min(file.durableBytes, sizeBytes);
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#file(from);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  async remove(path: string): Promise<void> {
    this.#removed.set(path, this.#file(path));
    this.#files.delete(path);
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.roomBytes);
  }

  /** Flips one bit of a file, as a failing disk does. */
  corrupt(path: string, at: number): void {
    const { bytes } = this.#file(path);
    if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ 1;
  }

  #file(path: string): FakeFile {
    const file = this.#files.get(path);
    if (!file) throw new DiskError(`ENOENT ${path}`);
    return file;
  }
}
