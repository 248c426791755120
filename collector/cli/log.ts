/** What an operator reads of the collector: lines for people on a terminal, JSON for what collects logs. */
import pino from "pino";
import type { Log } from "../store/log.ts";
import type { LogFormat, LogLevel } from "./settings.ts";

const order: Record<LogLevel, number> = { info: 0, warn: 1, error: 2 };

/** A log that is also for whoever started the collector, and can be silenced as it ends. */
export interface CollectorLog extends Log {
  /** Tells what whoever started it waits for, whatever the level is. */
  announce(message: string): void;
  /** Drops what comes after: children that end because the collector ends are no news. */
  mute(): void;
}

/** A log of everything from `level` up. Without a format: text on a terminal, JSON elsewhere. */
export function collectorLog(level: LogLevel, format: LogFormat = process.stdout.isTTY ? "text" : "json"): CollectorLog {
  return format === "json" ? jsonLog(level) : textLog(level);
}

/** One JSON object a line on standard output, as pino writes it: `level`, `time` (RFC 3339), `msg` and the facts. */
function jsonLog(level: LogLevel): CollectorLog {
  const logger = pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    // A process that ends must have said why.
    pino.destination({ dest: 1, sync: true }),
  );
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    announce: (message) => logger.child({}, { level: "info" }).info(message),
    mute() {
      logger.level = "silent";
    },
  };
}

/** One line an event, what happened first and its facts after it; `warn` and `error` on standard error. */
function textLog(level: LogLevel): CollectorLog {
  let muted = false;
  const writer = (own: LogLevel, stream: NodeJS.WriteStream) => (fields: object, message: string) => {
    if (muted || order[own] < order[level]) return;
    const facts = Object.entries(fields).map(([key, value]) => ` ${key}=${factOf(value)}`);
    stream.write(`${new Date().toISOString()} ${own} ${message}${facts.join("")}\n`);
  };
  return {
    info: writer("info", process.stdout),
    warn: writer("warn", process.stderr),
    error: writer("error", process.stderr),
    announce: (message) => void process.stdout.write(`${message}\n`),
    mute() {
      muted = true;
    },
  };
}

function factOf(value: unknown): string {
  return JSON.stringify(value instanceof Error ? (value.stack ?? value.message) : value) ?? "undefined";
}
