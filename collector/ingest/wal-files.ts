/** The few file operations that the write-ahead log needs; a test puts a disk that fails and forgets in its place. */
import { mkdir, open, readdir, readFile, rename, rm, statfs, truncate, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that is only appended to. */
export interface AppendFile {
  /** Appends all of `parts`; on an error any part of them may have been written. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Returns once everything appended would survive a power cut. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What the log does to files, by absolute path; every call may fail as the disk does. */
export interface WalFiles {
  makeDir(path: string): Promise<void>;
  /** Names in a directory, sorted. */
  list(dir: string): Promise<string[]>;
  read(path: string): Promise<Buffer>;
  /** Makes a new file whose name survives a power cut. */
  create(path: string): Promise<AppendFile>;
  truncate(path: string, sizeBytes: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Nothing where it is gone already. */
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
  create: async (path) => {
    const handle = await open(path, "ax", 0o600);
    try {
      await syncDir(dirname(path));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return {
      append: async (parts) => {
        const { bytesWritten } = await handle.writev(parts);
        const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0);
        if (bytesWritten < wanted) await writeRest(handle, Buffer.concat(parts), bytesWritten);
      },
      sync: () => handle.datasync(),
      truncate: (sizeBytes) => handle.truncate(sizeBytes),
      close: () => handle.close(),
    };
  },
  truncate: (path, sizeBytes) => truncate(path, sizeBytes),
  rename: async (from, to) => {
    await rename(from, to);
    await syncDir(dirname(from));
    await syncDir(dirname(to));
  },
  remove: (path) => rm(path, { force: true }),
  freeBytes: async (dir) => {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  },
};

/** A disk that is nearly full may take less than it is given, more than once; then it says that it is full. */
async function writeRest(handle: FileHandle, bytes: Buffer, from: number): Promise<void> {
  for (let at = from; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at);
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
