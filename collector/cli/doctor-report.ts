/** What a check of the doctor found. */

/** One line of the report. */
export interface Finding {
  readonly level: "ok" | "warning" | "failed";
  readonly message: string;
}

/** All is well. */
export function ok(message: string): Finding {
  return { level: "ok", message };
}

/** The collector runs, but not for ever, or not as meant; the message says what to do. */
export function warning(message: string): Finding {
  return { level: "warning", message };
}

/** The collector cannot run like this; the message says what to do. */
export function failed(message: string): Finding {
  return { level: "failed", message };
}

const LABEL = { ok: "ok     ", warning: "WARNING", failed: "FAILED " } as const;

/** The line that is printed. */
export function lineOf({ level, message }: Finding): string {
  return `${LABEL[level]} ${message}\n`;
}

/** A size for a reader. */
export function sizeText(sizeBytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, sizeBytes)) / 10));
  const value = sizeBytes / 1024 ** power;
  return `${power === 0 ? String(value) : value.toFixed(1)} ${units[power] ?? ""}`;
}
