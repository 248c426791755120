/** The few file operations that the write-ahead log needs; a test puts a disk that fails and forgets in its place. */
import { mkdir, open, readdir, readFile, rename, rm, statfs, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that is written from its first byte on, part behind part. */
export interface AppendFile {
  /** Writes all of `parts` behind what was written; on an error any part of them may have been written. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Returns once everything written would survive a power cut. */
  sync(): Promise<void>;
  /** Cuts the file, and goes on from there. */
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What the log does to files, by absolute path; every call may fail as the disk does. */
export interface WalFiles {
  makeDir(path: string): Promise<void>;
  /** Names in a directory, sorted. */
  list(dir: string): Promise<string[]>;
  read(path: string): Promise<Buffer>;
  /** Makes a new file, which begins with `head`; both survive a power cut. Where it fails no file is left. */
  create(path: string, head?: Uint8Array): Promise<AppendFile>;
  /** Opens a file to be written over; what lies behind what is written stays. */
  reuse(path: string): Promise<AppendFile>;
  /** Cuts a file; that, and what is left of it, survives a power cut. */
  truncate(path: string, sizeBytes: number): Promise<void>;
  /** Gives a file a name that survives a power cut. */
  rename(from: string, to: string): Promise<void>;
  /** Gives a file another name in its directory; a power cut may bring the old one back. */
  renameSoon(from: string, to: string): Promise<void>;
  /** Nothing where it is gone already; a power cut may bring it back. */
  remove(path: string): Promise<void>;
  /** Bytes that can still be written to the disk of `dir`. */
  freeBytes(dir: string): Promise<number>;
}

/** The machine's own files. */
export const diskFiles: WalFiles = {
  makeDir: async (path) => {
    await mkdir(path, { recursive: true });
  },
  list: async (dir) => (await readdir(dir)).sort(),
  read: (path) => readFile(path),
  create: async (path, head = new Uint8Array()) => {
    const handle = await open(path, "wx", 0o600);
    try {
      const file = appendFile(handle);
      await file.append([head]);
      // This makes the name durable as well where the disk has a journal, so that the second has little to wait for.
      await file.sync();
      await syncDir(dirname(path));
      return file;
    } catch (error) {
      await handle.close();
      await rm(path, { force: true });
      throw error;
    }
  },
  reuse: async (path) => appendFile(await open(path, "r+")),
  truncate: async (path, sizeBytes) => {
    const handle = await open(path, "r+");
    try {
      await handle.truncate(sizeBytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename: async (from, to) => {
    await rename(from, to);
    await syncDir(dirname(from));
    if (dirname(to) !== dirname(from)) await syncDir(dirname(to));
  },
  renameSoon: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  freeBytes: async (dir) => {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  },
};

function appendFile(handle: FileHandle): AppendFile {
  let position = 0;
  return {
    append: async (parts) => {
      const { bytesWritten } = await handle.writev(parts, position);
      const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0);
      if (bytesWritten < wanted) await writeRest(handle, Buffer.concat(parts), bytesWritten, position);
      position += wanted;
    },
    sync: () => handle.datasync(),
    truncate: async (sizeBytes) => {
      await handle.truncate(sizeBytes);
      position = sizeBytes;
    },
    close: () => handle.close(),
  };
}

/** A disk that is nearly full may take less than it is given, more than once; then it says that it is full. */
async function writeRest(handle: FileHandle, bytes: Buffer, from: number, position: number): Promise<void> {
  for (let at = from; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
