/** The data directory: made where it is missing, and held by one collector at a time. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StoreStartError } from "./start-error.ts";

/** How long a collector that was just killed may hold the directory while its kernel cleans up, ms. */
const lockWaitMs = 3_000;
/** Between two tries to take the lock, ms. */
const lockRetryMs = 50;
const LOCK_EX_NB = 6;
const LOCK_NAME = "lock";

/** A directory that is held; `release` gives it back and is called once. */
export interface DataDirLock {
  release(): void;
}

/**
 * Makes `dataDir` and takes its lock (`flock`), which the kernel gives back however the process ends.
 *
 * @throws StoreStartError `data-dir-unwritable` or `data-dir-in-use`
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const dir = resolve(dataDir);
  makeLockFile(dir);
  const release = await lockFile(join(dir, LOCK_NAME), lockWaitMs);
  if (release) return { release };
  throw new StoreStartError(
    "data-dir-in-use",
    `Data directory ${dir} is in use by another collector: stop it, or set HOPSCOPE_DATA_DIR to another directory.`,
  );
}

function makeLockFile(dir: string): void {
  try {
    makeDirs(dir);
    const probe = join(dir, `.write-test-${String(process.pid)}`);
    writeFileSync(probe, "");
    rmSync(probe);
    closeSync(openSync(join(dir, LOCK_NAME), "a", 0o600));
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** As `mkdir -p` does. Node's own goes round for ever where a directory takes none, as those of /proc. */
function makeDirs(dir: string): void {
  if (existsSync(dir)) return;
  makeDirs(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** The error where nothing can be written below `dir`. */
export function unwritable(dir: string, error: unknown): StoreStartError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreStartError(
    "data-dir-unwritable",
    `Data directory ${dir} cannot be written (${reason}): see the room on its disk, its owner and its mode, ` +
      "or set HOPSCOPE_DATA_DIR.",
    error,
  );
}

/**
 * Takes the lock of a file that is there, such as the one that a ClickHouse server holds on its path.
 *
 * @returns what gives it back; undefined where another process held it for all of `waitMs`
 */
export async function lockFile(path: string, waitMs: number): Promise<(() => void) | undefined> {
  const fd = openSync(path, "r+");
  const flock = loadFlock();
  const giveUpAt = Date.now() + waitMs;
  while (!flock(fd)) {
    if (Date.now() > giveUpAt) {
      closeSync(fd);
      return undefined;
    }
    await delay(lockRetryMs);
  }
  return () => closeSync(fd);
}

type Ffi = typeof import("ffi-rs");

/** Node has no `flock`. Where the optional `ffi-rs` cannot load, nothing is locked: that machine runs no store. */
function loadFlock(): (fd: number) => boolean {
  let ffi: Ffi;
  try {
    ffi = createRequire(import.meta.url)("ffi-rs") as Ffi;
    ffi.open({ library: "libc", path: "" });
  } catch {
    return () => true;
  }
  const { I32 } = ffi.DataType;
  return (fd) =>
    ffi.load({
      library: "libc",
      funcName: "flock",
      retType: I32,
      paramsType: [I32, I32],
      paramsValue: [fd, LOCK_EX_NB],
    }) === 0;
}
