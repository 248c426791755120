/**
 * A disk in memory that does what real ones do: forgets what was not synced, sector by sector and in any order, brings
 * old names back, fills up, fails.
 */
import { basename, dirname } from "node:path";
import type { AppendFile, WalFiles } from "../../collector/ingest/wal-files.ts";

/** What is written whole or not at all; the header of a segment is one. */
const sectorBytes = 32;

interface FakeFile {
  /** What programs see. */
  bytes: Buffer;
  /** What a power cut leaves in any case. */
  durable: Buffer;
  /** What the last write replaced, where it is not durable: a kill may cut that write short. */
  lastWrite: { readonly at: number; readonly length: number; readonly before: Buffer } | undefined;
}

/** How a power cut goes. */
export interface PowerCut {
  /** Part of each last write that was made. */
  readonly keptFraction: number;
  /** Which of the sectors that were not synced are kept: all, none, or some by this number. */
  readonly sectors: "all" | "none" | number;
  /** Whether a file has grown though what it grew by is not there. */
  readonly zeros: boolean;
  /** Part of the last, not durable changes of names that is undone. */
  readonly undoneNames: number;
}

const GONE = "the power is gone";

class DiskError extends Error {}

export class ForgetfulDisk implements WalFiles {
  readonly #files = new Map<string, FakeFile>();
  /** Undo the changes of names that a power cut may undo, oldest first. */
  #undos: (() => void)[] = [];
  /** Bytes by which files can still grow; beyond them a write is made in part and fails. */
  roomBytes = Infinity;
  /** The next sync fails, and nothing of what it should have made durable is. */
  failSync = false;
  /** How long a write takes, in turns of the process. */
  writeTurns = 0;
  /** How often names became durable. */
  nameSyncs = 0;
  /** How often a file was written over. */
  reuses = 0;
  /** Who mounted it before a power cut does nothing any more. */
  #generation = 0;

  /** The disk as one process sees it, until it is killed or its power is cut. */
  mount(): WalFiles {
    const generation = this.#generation;
    const gone = (): Promise<never> | undefined =>
      generation === this.#generation ? undefined : Promise.reject(new DiskError(GONE));
    return {
      makeDir: () => gone() ?? this.makeDir(),
      list: (dir) => gone() ?? this.list(dir),
      read: (path) => gone() ?? this.read(path),
      create: (path, head) => gone() ?? this.create(path, head),
      reuse: (path) => gone() ?? this.reuse(path),
      truncate: (path, sizeBytes) => gone() ?? this.truncate(path, sizeBytes),
      rename: (from, to) => gone() ?? this.rename(from, to),
      renameSoon: (from, to) => gone() ?? this.renameSoon(from, to),
      remove: (path) => gone() ?? this.remove(path),
      freeBytes: () => gone() ?? this.freeBytes(),
    };
  }

  /** The process is killed: the system keeps what it wrote, of a last write as much as was made. */
  kill(keptFraction = 1): void {
    this.#generation += 1;
    for (const file of this.#files.values()) cutLastWrite(file, keptFraction);
    this.roomBytes = Infinity;
    this.failSync = false;
  }

  cutPower({ keptFraction, sectors, zeros, undoneNames }: PowerCut): void {
    this.kill(keptFraction);
    const undone = Math.ceil(this.#undos.length * undoneNames);
    for (const undo of this.#undos.slice(this.#undos.length - undone).reverse()) undo();
    this.#undos = [];
    for (const file of this.#files.values()) {
      file.bytes = afterPowerCut(file, sectors, zeros);
      file.durable = Buffer.from(file.bytes);
    }
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

  async create(path: string, head: Uint8Array = new Uint8Array()): Promise<AppendFile> {
    if (this.#files.has(path)) throw new DiskError(`EEXIST ${path}`);
    const file: FakeFile = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0), lastWrite: undefined };
    this.#files.set(path, file);
    this.#undos.push(() => this.#files.delete(path));
    const made = this.#appendTo(file);
    try {
      await made.append([head]);
      await made.sync();
    } catch (error) {
      if (!String(error).includes(GONE)) await this.remove(path);
      throw error;
    }
    await this.#syncNames();
    return made;
  }

  async reuse(path: string): Promise<AppendFile> {
    this.reuses += 1;
    return this.#appendTo(this.#file(path));
  }

  async truncate(path: string, sizeBytes: number): Promise<void> {
    const file = this.#file(path);
    file.bytes = Buffer.from(file.bytes.subarray(0, sizeBytes));
    file.lastWrite = undefined;
    file.durable = Buffer.from(file.bytes);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.renameSoon(from, to);
    await this.#syncNames();
  }

  async renameSoon(from: string, to: string): Promise<void> {
    const file = this.#file(from);
    this.#files.delete(from);
    this.#files.set(to, file);
    this.#undos.push(() => {
      this.#files.delete(to);
      this.#files.set(from, file);
    });
  }

  async remove(path: string): Promise<void> {
    const file = this.#files.get(path);
    if (!file) return;
    this.#files.delete(path);
    this.#undos.push(() => this.#files.set(path, file));
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.roomBytes);
  }

  /** Flips one bit of a file, as a failing disk does. */
  corrupt(path: string, at: number): void {
    const { bytes } = this.#file(path);
    if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ 1;
  }

  /** Puts something else into the files whose names end so, durably, as these names are from then on. */
  scribble(ending: string, change: (bytes: Buffer) => Buffer): void {
    this.#undos = [];
    this.nameSyncs += 1;
    for (const [path, file] of this.#files) {
      if (!path.endsWith(ending)) continue;
      file.bytes = change(file.bytes);
      file.durable = Buffer.from(file.bytes);
    }
  }

  /** Takes one turn, in which the process may be killed between the change of a name and its sync. */
  async #syncNames(): Promise<void> {
    const generation = this.#generation;
    await Promise.resolve();
    if (generation !== this.#generation) throw new DiskError(GONE);
    this.#undos = [];
    this.nameSyncs += 1;
  }

  #appendTo(file: FakeFile): AppendFile {
    const generation = this.#generation;
    let position = 0;
    const alive = () => {
      if (generation !== this.#generation) throw new DiskError(GONE);
    };
    return {
      append: async (parts) => {
        for (let turn = 0; turn < this.writeTurns; turn += 1) await Promise.resolve();
        alive();
        const wanted = Buffer.concat(parts);
        const growth = Math.max(0, position + wanted.length - file.bytes.length);
        const written = wanted.subarray(0, wanted.length - Math.max(0, growth - this.roomBytes));
        this.roomBytes -= Math.min(growth, this.roomBytes);
        write(file, position, written);
        if (written.length < wanted.length) throw new DiskError("ENOSPC");
        position += written.length;
      },
      sync: async () => {
        alive();
        if (this.failSync) {
          this.failSync = false;
          throw new DiskError("EIO");
        }
        file.durable = Buffer.from(file.bytes);
        file.lastWrite = undefined;
      },
      truncate: async (sizeBytes) => {
        alive();
        file.bytes = Buffer.from(file.bytes.subarray(0, sizeBytes));
        file.lastWrite = undefined;
        position = sizeBytes;
      },
      close: async () => undefined,
    };
  }

  #file(path: string): FakeFile {
    const file = this.#files.get(path);
    if (!file) throw new DiskError(`ENOENT ${path}`);
    return file;
  }
}

function write(file: FakeFile, at: number, bytes: Buffer): void {
  const grown = Buffer.alloc(Math.max(file.bytes.length, at + bytes.length));
  file.bytes.copy(grown);
  bytes.copy(grown, at);
  file.lastWrite = { at, length: bytes.length, before: file.bytes };
  file.bytes = grown;
}

function cutLastWrite(file: FakeFile, keptFraction: number): void {
  if (!file.lastWrite) return;
  const { at, length, before } = file.lastWrite;
  const kept = at + Math.floor(length * keptFraction);
  if (kept < at + length) file.bytes = Buffer.concat([file.bytes.subarray(0, kept), before.subarray(kept)]);
  file.lastWrite = undefined;
}

/** Of each sector that was not synced either what is there now, or what was durable; zeros where that was nothing. */
function afterPowerCut({ bytes, durable }: FakeFile, sectors: PowerCut["sectors"], zeros: boolean): Buffer {
  const left = Buffer.alloc(bytes.length);
  let length = zeros ? bytes.length : Math.min(bytes.length, durable.length);
  for (let from = 0; from < bytes.length; from += sectorBytes) {
    const to = Math.min(from + sectorBytes, bytes.length);
    if (isKept(sectors, from / sectorBytes)) {
      bytes.subarray(from, to).copy(left, from);
      length = Math.max(length, to);
    } else durable.subarray(from, to).copy(left, from);
  }
  // A cut is undone as well.
  return durable.length > bytes.length && sectors !== "all" ? Buffer.from(durable) : left.subarray(0, length);
}

function isKept(sectors: PowerCut["sectors"], index: number): boolean {
  if (typeof sectors === "string") return sectors === "all";
  return (Math.imul(sectors + index, 0x9e_37_79_b1) >>> 16) % 2 === 0;
}
