/** What an answer says of the bound that cut it. */
import type { Truncated } from "../../schema/api.ts";

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
