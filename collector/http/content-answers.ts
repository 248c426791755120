/** What the store has answered about bodies: who has them, and which are too common to be followed. */
import { CONTENT_TRACES_MAX, isCrowded, md5OfAsk, type ContentAsk } from "../flow/content.ts";
import type { HopKeyAnswer } from "../store/queries/hop-keys.ts";

/** One more than is followed, which says that there are more. */
export const CONTENT_TRACES_ASKED = CONTENT_TRACES_MAX + 1;

/** Answers by the id of the look-up. */
export class ContentAnswers {
  /** MD5s of bodies that are too common: nothing is joined by them. */
  readonly crowded = new Set<string>();
  readonly #traces = new Map<string, readonly string[]>();

  has(id: string): boolean {
    return this.#traces.has(id);
  }

  /** Traces that hold the body; none where it is too common. */
  tracesOf(id: string): readonly string[] {
    return this.#traces.get(id) ?? [];
  }

  /** Keeps what was found for each of the asked. */
  keep(asked: ReadonlyMap<string, ContentAsk>, found: readonly HopKeyAnswer[]): void {
    const holders = new Map([...asked.keys()].map((id) => [id, [] as HopKeyAnswer[]]));
    for (const answer of found) holders.get(answer.asked)?.push(answer);
    for (const [id, ask] of asked) {
      const own = holders.get(id) ?? [];
      const startsMs = own.map(({ startMs }) => startMs ?? 0);
      if (isCrowded(ask, startsMs)) {
        this.crowded.add(md5OfAsk(ask));
        this.#traces.set(id, []);
      } else {
        const traceIds = own.slice(0, CONTENT_TRACES_MAX).map(({ traceId }) => traceId);
        this.#traces.set(id, traceIds);
      }
    }
  }
}
