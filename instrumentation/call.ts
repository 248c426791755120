import type { Options } from "./options.ts";
import type { PayloadText } from "./optional/payload.ts";

/** Any handler, before its form is known. */
export type AnyHandler = (this: unknown, ...args: unknown[]) => unknown;

/** How a handler's payloads become text; undefined until that is loaded. */
export interface PayloadCapture {
  text: PayloadText | undefined;
}

/** What one wrapped handler is called with. */
export interface Call {
  readonly handler: AnyHandler;
  readonly self: unknown;
  readonly args: unknown[];
  readonly options: Options;
  /** Whether `traced.each` handles every record in a span of its own. */
  readonly each: boolean;
  /** Undefined where payloads are not captured. */
  readonly capture: PayloadCapture | undefined;
}
