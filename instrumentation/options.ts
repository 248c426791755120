import { EACH_CONCURRENCY } from "./core/limits.ts";
import type { CaptureOptions } from "./types.ts";

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

/** What holds where a handler has no options. */
export const DEFAULT_OPTIONS: Options = {
  name: undefined,
  attributes: {},
  flushBudgetMs: undefined,
  concurrency: EACH_CONCURRENCY,
  capturePayload: undefined,
};
