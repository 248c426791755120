/** Quantities as people write them in alert rules. */
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a period such as `5m`. @throws TypeError where the schema did not check it first */
export function periodMs(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unitMs = UNIT_MS[found?.[2] ?? ""];
  if (found === null || unitMs === undefined) throw new TypeError(`not a period: ${text}`);
  return Number(found[1]) * unitMs;
}

/** A share as a number from 0: of `5%` or `0.05`. */
export function shareOf(given: number | string): number {
  return typeof given === "number" ? given : Number(given.slice(0, -1)) / 100;
}
