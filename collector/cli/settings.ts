/** Every setting of the collector: one table for the parser, the message where a value is wrong, and the page. */
import { resolve } from "node:path";

/** One environment variable. */
export interface Setting<Value> {
  readonly name: string;
  /** Read where `name` is not set. */
  readonly alias?: string;
  /** For a reader of docs/configuration.md: what it does, with its unit. */
  readonly description: string;
  /** Parsed like a given value; undefined leaves the setting out. */
  readonly fallback: string | undefined;
  /** Completes "must be ...". */
  readonly allowed: string;
  /** The value, or undefined where the text is none of what is allowed. */
  parse(text: string): Value | undefined;
}

/** Ten years: beyond it the TTL of a table is a number of days that nobody meant. */
const retentionDaysMax = 3650;
/** Below it the embedded server cannot merge its own parts. */
const storeMemoryMbMin = 512;
const storeMemoryMbMax = 1024 * 1024;
const portMax = 65_535;

export const settings = {
  host: {
    name: "HOPSCOPE_HOST",
    description: "Address that the collector listens on. The default takes connections of this machine alone.",
    fallback: "127.0.0.1",
    allowed: "an address or host name of this machine, for example 127.0.0.1 or 0.0.0.0",
    parse: (text: string) => (/^[\w.:%-]+$/.test(text) ? text : undefined),
  },
  port: {
    name: "HOPSCOPE_PORT",
    alias: "PORT",
    description: "Port of OTLP/HTTP, the API and the UI; 0 takes a free one.",
    fallback: "4318",
    allowed: `a port from 0 to ${String(portMax)}`,
    parse: integer(0, portMax),
  },
  grpcPort: {
    name: "HOPSCOPE_GRPC_PORT",
    description: "Port of OTLP/gRPC; 0 takes a free one, `off` none. Unset: 4317, or none where that is taken.",
    fallback: undefined,
    allowed: `a port from 0 to ${String(portMax)}, or off`,
    parse: (text: string) => (text === "off" ? text : integer(0, portMax)(text)),
  },
  dataDir: {
    name: "HOPSCOPE_DATA_DIR",
    description: "Directory of the write-ahead log and of the embedded database, made where it is missing.",
    fallback: ".hopscope",
    allowed: "a path",
    parse: (text: string) => (text.includes("\0") ? undefined : resolve(text)),
  },
  clickhouseUrl: {
    name: "HOPSCOPE_CLICKHOUSE_URL",
    description: "ClickHouse server to store in, with user and password where it wants them. Unset: the embedded one.",
    fallback: undefined,
    allowed: "a URL such as http://user:password@host:8123",
    parse: httpUrl,
  },
  clickhouseBin: {
    name: "HOPSCOPE_CLICKHOUSE_BIN",
    description: "`clickhouse` binary that the embedded database runs in place of libchdb.",
    fallback: undefined,
    allowed: "a path",
    parse: (text: string) => text,
  },
  database: {
    name: "HOPSCOPE_CLICKHOUSE_DATABASE",
    description: "Database with Hopscope's tables, made where it is missing.",
    fallback: "hopscope",
    allowed: "letters, digits and underscores, no digit first",
    parse: (text: string) => (/^[A-Za-z_]\w{0,62}$/.test(text) ? text : undefined),
  },
  storeMemoryMb: {
    name: "HOPSCOPE_STORE_MEMORY_MB",
    description: "Memory limit of the embedded database, MiB. Unset: half of the machine's, 4096 at most.",
    fallback: undefined,
    allowed: `a whole number from ${String(storeMemoryMbMin)} to ${String(storeMemoryMbMax)}`,
    parse: integer(storeMemoryMbMin, storeMemoryMbMax),
  },
  retentionDays: {
    name: "HOPSCOPE_RETENTION_DAYS",
    description: "Days that spans and rollups are kept.",
    fallback: "30",
    allowed: `a whole number from 1 to ${String(retentionDaysMax)}`,
    parse: integer(1, retentionDaysMax),
  },
  publicUrl: {
    name: "HOPSCOPE_PUBLIC_URL",
    description: "Address of the UI for links in alert messages. Unset: the one that the start prints.",
    fallback: undefined,
    allowed: "a URL such as https://hopscope.example.com",
    parse: httpUrl,
  },
  alertFile: {
    name: "HOPSCOPE_ALERT_FILE",
    description: "Alert rules, channels and silences; watched. Without it the ready-made rules are in force.",
    fallback: "hopscope.alerts.yml",
    allowed: "a path",
    parse: (text: string) => (text.includes("\0") ? undefined : resolve(text)),
  },
  alertAllowPrivate: {
    name: "HOPSCOPE_ALERT_ALLOW_PRIVATE",
    description: "Whether alert channels may lead to loopback and private networks.",
    fallback: "false",
    allowed: "true or false",
    parse: (text: string) => (text === "true" ? true : text === "false" ? false : undefined),
  },
  logLevel: {
    name: "HOPSCOPE_LOG_LEVEL",
    description: "What the collector writes about itself: `info`, `warn` or `error` and what is worse.",
    fallback: "info",
    allowed: "info, warn or error",
    parse: (text: string) => (isLogLevel(text) ? text : undefined),
  },
} satisfies Record<string, Setting<unknown>>;

export type LogLevel = "info" | "warn" | "error";

function isLogLevel(text: string): text is LogLevel {
  return text === "info" || text === "warn" || text === "error";
}

function integer(min: number, max: number) {
  return (text: string): number | undefined => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
}

function httpUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "http:" || url?.protocol === "https:" ? text : undefined;
}
