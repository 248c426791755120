/** The data directory: made where it is missing, and held by one collector at a time. */
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StoreStartError } from "./start-error.ts";

/** How long a collector that was just killed may hold the directory while its kernel cleans up, ms. */
const lockWaitMs = 3_000;
/** Between two tries to take the lock, ms. */
const lockRetryMs = 50;
const LOCK_EX_NB = 6;

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
  const fd = openLockFile(dir);
  const flock = loadFlock();
  const giveUpAt = Date.now() + lockWaitMs;
  while (!flock(fd)) {
    if (Date.now() > giveUpAt) {
      closeSync(fd);
      throw new StoreStartError(
        "data-dir-in-use",
        `Data directory ${dir} is in use by another collector: stop it, or set HOPSCOPE_DATA_DIR to another directory.`,
      );
    }
    await delay(lockRetryMs);
  }
  return { release: () => closeSync(fd) };
}

function openLockFile(dir: string): number {
  try {
    mkdirSync(dir, { recursive: true });
    const probe = join(dir, `.write-test-${String(process.pid)}`);
    writeFileSync(probe, "");
    rmSync(probe);
    return openSync(join(dir, "lock"), "w", 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreStartError(
      "data-dir-unwritable",
      `Data directory ${dir} cannot be written (${reason}): correct its owner or mode, or set HOPSCOPE_DATA_DIR.`,
      error,
    );
  }
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
