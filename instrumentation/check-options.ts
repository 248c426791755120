/** What the options of `traced` may be. Read where a handler has some. */
import { EACH_CONCURRENCY_MAX, FLUSH_BUDGET_MAX_MS } from "./core/limits.ts";
import { report } from "./core/report.ts";
import type { Options } from "./options.ts";
import type { EachOptions } from "./types.ts";

/** Those of `given` that are right, over `defaults`. Each that is wrong is reported, with what is allowed. */
export function checkOptions(given: EachOptions, defaults: Options): Options {
  const options = (isObject(given) ? given : {}) as EachOptions;
  if (!isObject(given)) report("options must be an object; they are ignored");
  const known = Object.keys(defaults);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) report(`unknown option "${key}"; known are ${known.join(", ")}`);
  }
  return {
    name: checked("name", options.name, defaults.name, (v) => typeof v === "string" && v !== "", "a text that is not empty"),
    attributes: primitives(checked("attributes", options.attributes, defaults.attributes, isObject, "an object")),
    flushBudgetMs: checked(
      "flushBudgetMs",
      options.flushBudgetMs,
      defaults.flushBudgetMs,
      (v) => typeof v === "number" && v >= 0 && v <= FLUSH_BUDGET_MAX_MS,
      `a number from 0 to ${FLUSH_BUDGET_MAX_MS}`,
    ),
    concurrency: checked(
      "concurrency",
      options.concurrency,
      defaults.concurrency,
      (v) => Number.isInteger(v) && Number(v) >= 1 && Number(v) <= EACH_CONCURRENCY_MAX,
      `a whole number from 1 to ${EACH_CONCURRENCY_MAX}`,
    ),
    capturePayload: checked(
      "capturePayload",
      options.capturePayload,
      defaults.capturePayload,
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
