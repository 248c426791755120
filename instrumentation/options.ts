import { checkOptions } from "./check-options.ts";
import { EACH_CONCURRENCY } from "./core/limits.ts";
import { guarded } from "./core/report.ts";
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

/** Fills in defaults. A wrong option is reported once, by name and with what is allowed, and ignored. */
export function readOptions(given: EachOptions | undefined): Options {
  return given === undefined ? DEFAULTS : guarded("reading options", () => checkOptions(given, DEFAULTS), DEFAULTS);
}
