/** What an operator reads: one line an event, what happened first, its facts after it. */
import type { Log } from "../store/log.ts";
import type { LogLevel } from "./settings.ts";

const order: Record<LogLevel, number> = { info: 0, warn: 1, error: 2 };

/** Writes text lines: `info` to standard output, `warn` and `error` to standard error. */
export interface TextLog extends Log {
  /** Drops what comes after: children that end because the collector ends are no news. */
  mute(): void;
}

/** A log of everything from `level` up. */
export function textLog(level: LogLevel): TextLog {
  let muted = false;
  const writer = (own: LogLevel, stream: NodeJS.WriteStream) => (fields: object, message: string) => {
    if (muted || order[own] < order[level]) return;
    const facts = Object.entries(fields).map(([key, value]) => ` ${key}=${format(value)}`);
    stream.write(`${new Date().toISOString()} ${own} ${message}${facts.join("")}\n`);
  };
  return {
    info: writer("info", process.stdout),
    warn: writer("warn", process.stderr),
    error: writer("error", process.stderr),
    mute() {
      muted = true;
    },
  };
}

function format(value: unknown): string {
  return JSON.stringify(value instanceof Error ? value.message : value) ?? "undefined";
}
