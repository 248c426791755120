import { EACH_CONCURRENCY, EACH_CONCURRENCY_MAX, FLUSH_BUDGET_MAX_MS } from "./core/limits.ts";
import { guarded, report } from "./core/report.ts";
import type { CaptureOptions, EachOptions } from "./types.ts";

/** {@link EachOptions}, checked, with every default filled in. */
export interface Options {
  readonly name: string | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Undefined where the environment decides. */
  readonly flushBudgetMs: number | undefined;
  readonly concurrency: number;
  /** Undefined where the environment decides. */
  readonly capturePayload: boolean | CaptureOptions | undefined;
}

const DEFAULTS: Options = {
  name: undefined,
  attributes: {},
  flushBudgetMs: undefined,
  concurrency: EACH_CONCURRENCY,
  capturePayload: undefined,
};
const KNOWN = Object.keys(DEFAULTS);

/** Fills in defaults. A wrong option is reported once, by name and with what is allowed, and ignored. */
export function readOptions(given: EachOptions | undefined): Options {
  return given === undefined ? DEFAULTS : guarded("reading options", () => checkedOptions(given), DEFAULTS);
}

function checkedOptions(given: EachOptions): Options {
  const options = (isObject(given) ? given : {}) as EachOptions;
  if (!isObject(given)) report("options must be an object; they are ignored");
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key)) report(`unknown option "${key}"; known are ${KNOWN.join(", ")}`);
  }
  return {
    name: checked("name", options.name, DEFAULTS.name, (v) => typeof v === "string" && v !== "", "a text that is not empty"),
    attributes: primitives(checked("attributes", options.attributes, DEFAULTS.attributes, isObject, "an object")),
    flushBudgetMs: checked(
      "flushBudgetMs",
      options.flushBudgetMs,
      DEFAULTS.flushBudgetMs,
      (v) => typeof v === "number" && v >= 0 && v <= FLUSH_BUDGET_MAX_MS,
      `a number from 0 to ${FLUSH_BUDGET_MAX_MS}`,
    ),
    concurrency: checked(
      "concurrency",
      options.concurrency,
      DEFAULTS.concurrency,
      (v) => Number.isInteger(v) && Number(v) >= 1 && Number(v) <= EACH_CONCURRENCY_MAX,
      `a whole number from 1 to ${EACH_CONCURRENCY_MAX}`,
    ),
    capturePayload: checked(
      "capturePayload",
      options.capturePayload,
      DEFAULTS.capturePayload,
      (v) => typeof v === "boolean" || isObject(v),
      "true, false or an object",
    ),
  };
}

function checked<T>(
  name: string,
  value: T | undefined,
  fallback: T,
  ok: (value: unknown) => boolean,
  allowed: string,
): T {
  if (value === undefined) return fallback;
  if (ok(value)) return value;
  report(`option ${name} must be ${allowed}; it is ignored`);
  return fallback;
}

function primitives(attributes: Options["attributes"]): Options["attributes"] {
  const isKept = ([key, value]: readonly [string, unknown]): boolean => {
    const kept = ["string", "number", "boolean"].includes(typeof value);
    if (!kept) report(`option attributes.${key} must be a string, a number or a boolean; it is ignored`);
    return kept;
  };
  return Object.fromEntries(Object.entries(attributes).filter(isKept));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
