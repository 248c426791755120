/** Parameters as Jaeger's clients write them. */
import type { FilterExpression } from "../../store/queries/filter-expression.ts";

/** A parameter is wrong; Jaeger answers such with its own envelope. */
export class JaegerError extends Error {
  override readonly name = "JaegerError";
  readonly status: 400 | 404 | 405 | 413 | 501;

  constructor(status: JaegerError["status"], message: string) {
    super(message);
    this.status = status;
  }
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
};

/**
 * Milliseconds of a duration as Go writes it: `1.2s`, `100us`, `1h2m`.
 *
 * @throws JaegerError 400
 */
export function goDurationMs(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  // The one that needs no unit.
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join("") !== text) {
    throw new JaegerError(400, `${name}: ${JSON.stringify(text)} is no duration; write it like 1.2s, 100us or 1h2m`);
  }
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNIT_MS[unit ?? ""] ?? 0), 0);
}

/** Microseconds of our time have sixteen digits, milliseconds thirteen: what is below is taken for milliseconds. */
const MICROSECONDS_FROM = 1e14;

/**
 * ISO 8601 of microseconds since the epoch; Grafana sends milliseconds in some places.
 *
 * @throws JaegerError 400
 */
export function instantParameter(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new JaegerError(400, `${name}: must be microseconds since the epoch`);
  return storedInstant(value < MICROSECONDS_FROM ? value : Math.floor(value / 1000));
}

/**
 * ISO 8601 of an RFC 3339 time; a plus that was not escaped came as a space.
 *
 * @throws JaegerError 400
 */
export function rfc3339Parameter(name: string, text: string | undefined): string {
  const ms = Date.parse((text ?? "").replace(/ (\d\d:\d\d)$/, "+$1"));
  if (Number.isNaN(ms)) throw new JaegerError(400, `${name}: is required, as RFC 3339`);
  return storedInstant(ms);
}

/** What the store's clock can say last, milliseconds since the epoch. */
const LAST_MS = Date.UTC(2262, 0) - 1;

/**
 * ISO 8601 of milliseconds since the epoch: from 1970 until 2261, as there are no spans before or after. Clients ask
 * with the zero time of Go, of the year 1, where they mean all.
 */
export function storedInstant(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), LAST_MS)).toISOString();
}

/**
 * A trace id as hex, padded; also from the base64 of its bytes.
 *
 * @throws JaegerError 400
 */
export function traceIdParameter(text: string): string {
  // As Jaeger does: only base64 has these lengths, but for a hex id with ten zeros in front.
  if (/^[A-Za-z0-9+/_-]{22}(==)?$/.test(text)) return Buffer.from(text, "base64").toString("hex");
  if (/^[0-9a-fA-F]{1,32}$/.test(text)) return text.toLowerCase().padStart(32, "0");
  throw new JaegerError(400, `${JSON.stringify(text.slice(0, 60))} is no trace id: 32 hex digits`);
}

/**
 * `tags` (JSON objects of texts; `named` is what a request calls them) and `tag` (`key:value`) as filters `key=value`.
 *
 * @throws JaegerError 400
 */
export function tagParameters(tags: readonly string[], tag: readonly string[], named = "tags"): string[] {
  const pairs = tags.flatMap((json) => {
    const parsed = parseObject(json);
    if (parsed === undefined) throw new JaegerError(400, `${named}: must be a JSON object of strings`);
    return Object.entries(parsed).map(([key, value]) => `${key}=${String(value)}`);
  });
  for (const each of tag) {
    const colon = each.indexOf(":");
    if (colon < 0) throw new JaegerError(400, `tag: ${JSON.stringify(each)} must be key:value`);
    pairs.push(`${each.slice(0, colon)}=${each.slice(colon + 1)}`);
  }
  return pairs;
}

function parseObject(json: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Fields of a span that Jaeger shows as tags, whose values it writes in its own way. */
const FIELD_OF_TAG = { "span.kind": "kind", "otel.status_code": "status" } as const;

/** Tags that Jaeger makes of what is no attribute become the filters they stand for; an unknown value has no span. */
export function toFilters(pairs: readonly string[]): {
  readonly attribute: readonly string[];
  readonly status?: "error" | "ok";
  readonly expressions: readonly FilterExpression[];
} {
  const attribute: string[] = [];
  const expressions: FilterExpression[] = [];
  for (const pair of pairs) {
    const [tag, name, value = ""] = /^(span\.kind|otel\.status_code)=(.*)$/s.exec(pair) ?? [];
    if (tag !== undefined) {
      const field = FIELD_OF_TAG[name as keyof typeof FIELD_OF_TAG];
      expressions.push({ op: "eq", of: { field }, value: field === "status" ? statusName(value) : value });
    } else if (pair !== "error=true" && pair !== "error=false") attribute.push(pair);
  }
  return {
    attribute,
    ...(pairs.includes("error=false") && { status: "ok" as const }),
    ...(pairs.includes("error=true") && { status: "error" as const }),
    expressions,
  };
}

/** `OK`, as an exporter writes it, is `ok`. */
function statusName(value: string): string {
  return value === value.toUpperCase() ? value.toLowerCase() : value;
}

/** The expression that all of these make together; undefined for none. */
export function allOf(expressions: readonly (FilterExpression | undefined)[]): FilterExpression | undefined {
  const args = expressions.filter((each) => each !== undefined);
  return args.length === 0 ? undefined : { op: "and", args };
}
