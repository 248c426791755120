const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Returns a duration for a reader: `420 µs`, `12.3 ms`, `412 ms`, `2.1 s`, `1 m 05 s`, `2 h 03 m`, `3 d 4 h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0) return `−${formatDuration(-durationMs)}`;
  if (durationMs === 0) return "0 ms";
  if (durationMs < 0.9995) return `${Math.max(1, Math.round(durationMs * 1000))} µs`;
  if (durationMs < 99.95) return `${trim(durationMs, durationMs < 9.95 ? 2 : 1)} ms`;
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${trim(durationMs / SECOND_MS, durationMs < 9995 ? 2 : 1)} s`;
  if (durationMs < HOUR_MS - 500) return pair(Math.round(durationMs / SECOND_MS), 60, "m", "s");
  if (durationMs < DAY_MS - 30_000) return pair(Math.round(durationMs / MINUTE_MS), 60, "h", "m");
  return pair(Math.round(durationMs / HOUR_MS), 24, "d", "h");
}

/** Returns the reader's local time of day with milliseconds: `12:00:01.204`. */
export function formatClock(epochMs: number): string {
  const date = new Date(epochMs);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${parts.join(":")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

/** Returns the reader's local day: `Sat, 21 Nov`. */
export function formatDay(epochMs: number): string {
  return dayFormat.format(epochMs);
}

/** Returns how long ago an instant was: `just now`, `14 s ago`, `3 m ago`, `2 h ago`, `5 d ago`. */
export function formatAgo(epochMs: number, nowMs: number): string {
  const agoMs = nowMs - epochMs;
  if (agoMs < 2 * SECOND_MS) return "just now";
  if (agoMs < MINUTE_MS) return `${Math.floor(agoMs / SECOND_MS)} s ago`;
  if (agoMs < HOUR_MS) return `${Math.floor(agoMs / MINUTE_MS)} m ago`;
  if (agoMs < DAY_MS) return `${Math.floor(agoMs / HOUR_MS)} h ago`;
  return `${Math.floor(agoMs / DAY_MS)} d ago`;
}

const countFormat = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Returns a whole number with thousands separators: `12,480`. */
export function formatCount(count: number): string {
  return countFormat.format(count);
}

/** Returns a share of 0 to 1 as a percentage: `0%`, `<0.1%`, `0.4%`, `12%`. */
export function formatRate(rate: number): string {
  if (rate <= 0) return "0%";
  if (rate < 0.001) return "<0.1%";
  const percent = rate * 100;
  return percent < 9.95 ? `${trim(percent, 1)}%` : `${Math.round(percent)}%`;
}

/** Returns a size in binary units: `512 B`, `1.5 KB`, `128 MB`. */
export function formatBytes(sizeBytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${trim(value, value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** Returns `1 message` or `5 messages`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Returns what `separator` joins, the last two joined by `and`: `a, b and c`. */
export function listWords(words: string[]): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function trim(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function pair(total: number, base: number, major: string, minor: string): string {
  return `${Math.floor(total / base)} ${major} ${String(total % base).padStart(2, "0")} ${minor}`;
}
