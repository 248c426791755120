/** Every setting of the collector: one table for the parser, the message where a value is wrong, and the page. */
import { resolve } from "node:path";
import { origins } from "./origins.ts";

/** One environment variable. */
export interface Setting<Value> {
  readonly name: string;
  /** Read where `name` is not set. */
  readonly alias?: string;
  /** For a reader of docs/configuration.md: what it does, with its unit. */
  readonly description: string;
  /** Parsed like a given value; undefined leaves the setting out. */
  readonly fallback: string | undefined;
  /** Whether its value must not be shown, not even where it is wrong. */
  readonly secret?: boolean;
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
/** Of a token or password: shorter ones are guessed. */
const secretLengthMin = 16;
/** Shorter ones end nothing in time, longer ones outlive what any supervisor waits for. */
const shutdownMsMin = 100;
const shutdownMsMax = 600_000;
/** More than any machine takes. */
const spansPerSMax = 100_000_000;

/** Every environment variable, by its name in the configuration. */
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
  ingestTokens: {
    name: "HOPSCOPE_INGEST_TOKENS",
    description:
      "Tokens of which senders must bring one, as `Authorization: Bearer <token>`. Several, so that one can be replaced. " +
      "Functions send it with `OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20<token>`. Unset: everyone may send.",
    fallback: undefined,
    allowed: `tokens of at least ${String(secretLengthMin)} visible ASCII characters, separated by commas`,
    secret: true,
    parse: tokens,
  },
  ingestSpansPerS: {
    name: "HOPSCOPE_INGEST_SPANS_PER_S",
    description:
      "Spans a second that each token may send, or all senders together where there is no token; beyond it they are " +
      "answered 429 with Retry-After. Ten seconds' worth may come at once. Unset: no bound.",
    fallback: undefined,
    allowed: `a whole number from 1 to ${String(spansPerSMax)}`,
    parse: integer(1, spansPerSMax),
  },
  corsOrigins: {
    name: "HOPSCOPE_CORS_ORIGINS",
    description:
      "Origins of web pages that may send OTLP/HTTP from a browser (CORS). One `*` in each stands for any number of " +
      "characters (https://*.example.com); `*` alone lets every page send. Unset: pages of no other origin.",
    fallback: undefined,
    allowed: "origins such as https://shop.example.com, without a path, separated by commas",
    parse: origins,
  },
  uiPassword: {
    name: "HOPSCOPE_UI_PASSWORD",
    description:
      "Password of the UI, the API and /metrics (HTTP basic authentication, any user name). Unset: none is asked for.",
    fallback: undefined,
    allowed: `at least ${String(secretLengthMin)} characters`,
    secret: true,
    parse: (text: string) => (text.length >= secretLengthMin ? text : undefined),
  },
  auth: {
    name: "HOPSCOPE_AUTH",
    description:
      "Whether HOPSCOPE_HOST may let other machines in only with HOPSCOPE_INGEST_TOKENS and HOPSCOPE_UI_PASSWORD; " +
      "`off` where the network itself, or a proxy, sees to it who comes.",
    fallback: "required",
    allowed: "required or off",
    parse: (text: string) => (text === "required" || text === "off" ? text : undefined),
  },
  clickhouseUrl: {
    name: "HOPSCOPE_CLICKHOUSE_URL",
    description:
      "ClickHouse server to store in, with user and password where it wants them; what its crash may lose stands in " +
      "[operations](operations/clickhouse.md). Unset: the embedded one.",
    fallback: undefined,
    allowed: "a URL such as http://user:password@host:8123, with %25, %2F and %40 for %, / and @ in a password",
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
    allowed: "letters, digits and underscores, no digit first, and none of ClickHouse's own databases",
    parse: (text: string) => (/^(?!(?:system|information_schema)$)[a-z_]\w{0,62}$/i.test(text) ? text : undefined),
  },
  cluster: {
    name: "HOPSCOPE_CLICKHOUSE_CLUSTER",
    description:
      "Cluster of the server at HOPSCOPE_CLICKHOUSE_URL on which the tables are made, replicated and distributed by " +
      "trace. Unset: on that server alone.",
    fallback: undefined,
    allowed: "letters, digits, underscores, dots and dashes",
    parse: (text: string) => (/^[\w.-]{1,63}$/.test(text) ? text : undefined),
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
  shutdownMs: {
    name: "HOPSCOPE_SHUTDOWN_MS",
    description:
      "Milliseconds that ending by SIGTERM, SIGHUP or Ctrl-C may take; then the process exits with 1. Nothing " +
      "acknowledged is lost by that: the next start goes on with it.",
    fallback: "1600",
    allowed: `a whole number from ${String(shutdownMsMin)} to ${String(shutdownMsMax)}`,
    parse: integer(shutdownMsMin, shutdownMsMax),
  },
  logLevel: {
    name: "HOPSCOPE_LOG_LEVEL",
    description: "What the collector writes about itself: `info`, `warn` or `error` and what is worse.",
    fallback: "info",
    allowed: "info, warn or error",
    parse: (text: string) => (isLogLevel(text) ? text : undefined),
  },
  logFormat: {
    name: "HOPSCOPE_LOG_FORMAT",
    description: "Lines of `text` for people, or `json`, an object a line. Unset: text on a terminal, JSON elsewhere.",
    fallback: undefined,
    allowed: "text or json",
    parse: (text: string): LogFormat | undefined => (text === "text" || text === "json" ? text : undefined),
  },
} satisfies Record<string, Setting<unknown>>;

/** The least important lines that are still written. */
export type LogLevel = "info" | "warn" | "error";
/** `text` for people, `json` with an object a line for programs. */
export type LogFormat = "text" | "json";

function isLogLevel(text: string): text is LogLevel {
  return text === "info" || text === "warn" || text === "error";
}

function integer(min: number, max: number) {
  return (text: string): number | undefined => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
}

function tokens(text: string): readonly string[] | undefined {
  const parts = text.split(",").map((part) => part.trim());
  return parts.every((part) => part.length >= secretLengthMin && /^[\x21-\x7e]+$/.test(part)) ? parts : undefined;
}

function httpUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (url?.protocol === "http:" || url?.protocol === "https:") && isDecodable(`${url.username}:${url.password}`)
    ? text
    : undefined;
}

/** Whether what follows each `%` is what a URL has there. */
function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== "";
  } catch {
    return false;
  }
}
