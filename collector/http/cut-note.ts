/** What an answer says of the bound that cut it. */
import type { Context } from "hono";
import type { Truncated } from "../../schema/api.ts";
import type { Reading } from "../store/queries/reading.ts";

/** Notes the first bound that cut an answer. */
export class CutNote {
  #first: Truncated | undefined;

  /** For the queries of the answer. */
  readonly onCut = (cut: Truncated): void => {
    this.#first ??= { limit: cut.limit, value: cut.value };
  };

  /** The answer's member; empty where nothing was cut. */
  get member(): { readonly truncated?: Truncated } {
    return this.#first ? { truncated: this.#first } : {};
  }
}

/** How the queries of a request read: until its reader hangs up, with what cuts them noted. */
export function readingOf({ req }: Context, { onCut }: CutNote): Required<Reading> {
  return { signal: req.raw.signal, onCut };
}
