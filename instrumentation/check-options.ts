/** What the options of `traced` may be. Read where a handler has some. */
import { EACH_CONCURRENCY_MAX, FLUSH_BUDGET_MAX_MS } from "./core/limits.ts";
import { report } from "./core/report.ts";
import type { Options } from "./options.ts";
import type { EachOptions } from "./types.ts";

/** Those of `given` that are right, over `defaults`. Each that is wrong is reported, with what is allowed. */
export function checkOptions(given: EachOptions, defaults: Options): Options {
  if (!isObject(given)) {
    report("options must be an object; they are ignored");
    return defaults;
  }
  const options: EachOptions = given;
  const known = Object.keys(defaults);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) report(`unknown option "${key}"; known are ${known.join(", ")}`);
  }
  const checked = <Key extends keyof Options>(key: Key, ok: Test, allowed: string): Options[Key] => {
    const value = options[key];
    return value !== undefined && isRight(key, value, ok, allowed) ? (value as Options[Key]) : defaults[key];
  };
  const attributes = checked("attributes", isObject, "an object");
  return {
    name: checked("name", (v) => typeof v === "string" && v !== "", "a non-empty text"),
    attributes: Object.fromEntries(Object.entries(attributes).filter(isAttribute)),
    flushBudgetMs: checked(
      "flushBudgetMs",
      (v) => typeof v === "number" && v >= 0 && v <= FLUSH_BUDGET_MAX_MS,
      `a number from 0 to ${FLUSH_BUDGET_MAX_MS}`,
    ),
    concurrency: checked(
      "concurrency",
      (v) => Number.isInteger(v) && Number(v) >= 1 && Number(v) <= EACH_CONCURRENCY_MAX,
      `a whole number from 1 to ${EACH_CONCURRENCY_MAX}`,
    ),
    capturePayload: checked("capturePayload", (v) => typeof v === "boolean" || isObject(v), "a boolean or an object"),
  };
}

type Test = (value: unknown) => boolean;

function isAttribute([key, value]: readonly [string, unknown]): boolean {
  const allowed = "string, number or boolean";
  return isRight(`attributes.${key}`, value, (v) => allowed.includes(typeof v), allowed);
}

/** Reports a value that is not right. */
function isRight(name: string, value: unknown, ok: Test, allowed: string): boolean {
  const right = ok(value);
  if (!right) report(`option ${name} must be ${allowed}; it is ignored`);
  return right;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
