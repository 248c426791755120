/** Keeps the rules of a file: read at start and again when it changes; a broken file leaves the last good ones. */
import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { EMPTY_CONFIG, readAlertFile, type AlertConfig, type Problem } from "./read-file.ts";

/** Editors write a file in several steps: what follows within this is one change. Milliseconds. */
const SETTLE_MS = 100;
/** A watch may miss a change (network drives, mounted config maps): the file is read again so often, milliseconds. */
const RECHECK_MS = 10_000;

/** There is no such file. */
const GONE = Symbol("gone");
const FILE_GONE: Problem = { line: 0, field: "", message: "is gone, and its rules, channels and silences with it" };

/** The file at this moment: what is in force of it, and what is wrong with it. */
export interface WatchedFile {
  readonly path: string;
  /** The last good rules; those of an empty file before the first. */
  readonly config: AlertConfig;
  /** What is wrong with the file as it is now; empty when it is in force. */
  readonly problems: readonly Problem[];
}

/** Follows one file until it is closed. */
export interface FileWatcher {
  current(): WatchedFile;
  /** Reads the file now if it has changed. */
  refresh(): Promise<WatchedFile>;
  close(): void;
}

/**
 * Reads and watches `path`; `onChange` hears of every new content, good or bad. A missing file has no rules, and one
 * that goes is told as a problem; an empty one is broken as any other.
 */
export async function watchAlertFile(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  onChange: (file: WatchedFile) => void,
): Promise<FileWatcher> {
  let file: WatchedFile = { path, config: EMPTY_CONFIG, problems: [] };
  let text: string | Error | typeof GONE | undefined;
  let isGone = false;
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function refresh(): Promise<WatchedFile> {
    const now = await readOrGone(path);
    // An editor that replaces the file leaves none, or an empty one, for an instant: gone is what is gone twice.
    if ((now === GONE || now === "") && text !== undefined && now !== text && !isGone) {
      isGone = true;
      soon();
      return file;
    }
    isGone = false;
    if (now === text) return file;
    const wasThere = text !== undefined;
    text = now;
    if (now === GONE) {
      file = { path, config: EMPTY_CONFIG, problems: wasThere ? [FILE_GONE] : [] };
      onChange(file);
      return file;
    }
    if (now instanceof Error) {
      file = { ...file, problems: [{ line: 0, field: "", message: `cannot be read: ${now.message}` }] };
      onChange(file);
      return file;
    }
    const read = readAlertFile(now, env);
    file = read.ok ? { path, config: read.config, problems: [] } : { ...file, problems: read.problems };
    onChange(file);
    return file;
  }
  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), SETTLE_MS);
    timer.unref();
  }

  await refresh();
  try {
    // The folder, because editors and config maps replace the file, and a watch on the old one hears nothing.
    watcher = watch(dirname(path), { persistent: false }, (_, name) => {
      if (name === null || name === basename(path) || name.startsWith("..")) soon();
    });
    watcher.on("error", () => undefined);
  } catch {
    watcher = undefined;
  }
  const recheck = setInterval(() => void refresh(), RECHECK_MS);
  recheck.unref();
  return {
    current: () => file,
    refresh,
    close() {
      clearTimeout(timer);
      clearInterval(recheck);
      watcher?.close();
    },
  };
}

async function readOrGone(path: string): Promise<string | Error | typeof GONE> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return GONE;
    return error instanceof Error ? error : new Error(String(error));
  }
}
