import type { Unit } from "../rules/kinds.ts";

/** A value as a person reads it: `7.5%`, `1.2 s`, `3`, `14.4x`. */
export function formatValue(value: number | null, unit: Unit): string {
  if (value === null) return "no data";
  switch (unit) {
    case "share":
      return `${short(value * 100)}%`;
    case "ms":
      return formatPeriod(value);
    case "times":
      return `${short(value)}x`;
    case "money":
      return `$${value < 1 ? value.toPrecision(2) : value.toFixed(2)}`;
    case "count":
    case "number":
      return short(value);
  }
}

/** A period as a person reads it: `250 ms`, `1.2 s`, `5 min`, `3 h`. */
export function formatPeriod(ms: number): string {
  if (ms < 1_000) return `${short(ms)} ms`;
  if (ms < 60_000) return `${short(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${short(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${short(ms / 3_600_000)} h`;
  return `${short(ms / 86_400_000)} d`;
}

function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}
