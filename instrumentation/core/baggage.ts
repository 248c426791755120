/** Baggage in a context of the OpenTelemetry API, and its W3C header. */
import type { Baggage, BaggageEntry, Context } from "@opentelemetry/api";
import { BAGGAGE_KEY } from "./context.ts";

/** Characters and members of a `baggage` header; W3C Baggage section 3.3.2. */
const CHARS_MAX = 8_192;
const ENTRIES_MAX = 180;

/** Immutable, as the API wants it. */
class EntryBaggage implements Baggage {
  readonly #entries: ReadonlyMap<string, BaggageEntry>;

  constructor(entries: ReadonlyMap<string, BaggageEntry>) {
    this.#entries = entries;
  }

  getEntry(key: string): BaggageEntry | undefined {
    const entry = this.#entries.get(key);
    return entry && { ...entry };
  }
  getAllEntries(): [string, BaggageEntry][] {
    return [...this.#entries];
  }
  setEntry(key: string, entry: BaggageEntry): Baggage {
    return new EntryBaggage(new Map(this.#entries).set(key, entry));
  }
  removeEntry(key: string): Baggage {
    return this.removeEntries(key);
  }
  removeEntries(...keys: string[]): Baggage {
    return new EntryBaggage(new Map([...this.#entries].filter(([key]) => !keys.includes(key))));
  }
  clear(): Baggage {
    return new EntryBaggage(new Map());
  }
}

/** The `baggage` header for `context`; undefined where it has none. */
export function formatBaggage(context: Context): string | undefined {
  const baggage = context.getValue(BAGGAGE_KEY) as Baggage | undefined;
  let text = "";
  for (const [key, { value, metadata }] of baggage?.getAllEntries().slice(0, ENTRIES_MAX) ?? []) {
    const properties = metadata?.toString() ?? "";
    // What is no visible ASCII would make a header, or a message, fail.
    const suffix = /^[\x20-\x7e]+$/.test(properties) ? `;${properties}` : "";
    const member = `${encodeURIComponent(key)}=${encodeURIComponent(value)}${suffix}`;
    const next = text ? `${text},${member}` : member;
    if (next.length <= CHARS_MAX) text = next;
  }
  return text || undefined;
}

/** `context` with the baggage of a header; unchanged where that is absent or holds none. */
export function withBaggage(context: Context, header: string | undefined): Context {
  const entries = new Map<string, BaggageEntry>();
  for (const member of header?.slice(0, CHARS_MAX).split(",").slice(0, ENTRIES_MAX) ?? []) {
    const [pair = ""] = member.split(";");
    const equals = pair.indexOf("=");
    if (equals < 1) continue;
    try {
      const key = decodeURIComponent(pair.slice(0, equals).trim());
      entries.set(key, { value: decodeURIComponent(pair.slice(equals + 1).trim()) });
    } catch {
      // Not well-formed: this member alone is left out.
    }
  }
  return entries.size ? context.setValue(BAGGAGE_KEY, new EntryBaggage(entries)) : context;
}
