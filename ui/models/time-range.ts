import { computed } from "@preact/signals";
import { queryValue, setQuery } from "../route/router.ts";

const MINUTE_MS = 60_000;

/** The ranges that a reader can pick, and their length. */
export const RANGES = {
  "15m": 15 * MINUTE_MS,
  "1h": 60 * MINUTE_MS,
  "24h": 1440 * MINUTE_MS,
  "7d": 10_080 * MINUTE_MS,
};
/** A range's name, as it stands in the address. */
export type RangeName = keyof typeof RANGES;

const DEFAULT_RANGE: RangeName = "1h";

/** The range of the present view, from the address. */
export const range = computed<RangeName>(() => {
  const name = queryValue("range");
  return name !== undefined && Object.hasOwn(RANGES, name) ? (name as RangeName) : DEFAULT_RANGE;
});

/** Picks a range, in place of one with fixed ends; the default one leaves the address clean. */
export function pickRange(name: RangeName): void {
  setQuery({ range: name === DEFAULT_RANGE ? undefined : name, from: undefined, to: undefined }, "replace");
}

/** Returns when a range that ends now began, ISO 8601. */
export function rangeStart(name: RangeName): string {
  return new Date(Date.now() - RANGES[name]).toISOString();
}
