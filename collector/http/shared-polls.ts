/** Answers that are asked for again and again, asked once for all who want the same. */

/** Of the interval: readers' timers are not exact, and who comes a little early has that answer already. */
const FRESH_SHARE = 0.9;

/** One reader's part in a poll. */
export interface PollReader<Answer> {
  /** The answer, at most one interval old. */
  latest(): Promise<Answer>;
  /** The reader is gone; more than once is as once. */
  leave(): void;
}

interface Poll<Answer> {
  /** Aborted when the last reader has left: nobody waits for the answer then. */
  readonly left: AbortController;
  readers: number;
  /** On the clock of `performance.now()`; Infinity while it is asked. */
  freshUntilMs: number;
  answer: Promise<Answer> | undefined;
}

/** Polls by key, with a bound on their readers. */
export class SharedPolls<Answer> {
  readonly #intervalMs: number;
  readonly #readersMax: number;
  readonly #polls = new Map<string, Poll<Answer>>();
  #readers = 0;

  constructor({ intervalMs, readersMax }: { readonly intervalMs: number; readonly readersMax: number }) {
    this.#intervalMs = intervalMs;
    this.#readersMax = readersMax;
  }

  /**
   * One more reader of what `ask` answers, the same for all of one key; undefined where there are too many. Its signal
   * says that all have left.
   */
  join(key: string, ask: (signal: AbortSignal) => Promise<Answer>): PollReader<Answer> | undefined {
    if (this.#readers >= this.#readersMax) return undefined;
    const left = new AbortController();
    const poll = this.#polls.get(key) ?? { left, readers: 0, freshUntilMs: 0, answer: undefined };
    this.#polls.set(key, poll);
    poll.readers += 1;
    this.#readers += 1;
    let hasLeft = false;
    return {
      latest: () => {
        if (poll.answer && performance.now() < poll.freshUntilMs) return poll.answer;
        // A search may take longer than the interval: it is shared until it ends.
        poll.freshUntilMs = Infinity;
        return (poll.answer = ask(poll.left.signal).finally(() => {
          poll.freshUntilMs = performance.now() + this.#intervalMs * FRESH_SHARE;
        }));
      },
      leave: () => {
        if (hasLeft) return;
        hasLeft = true;
        poll.readers -= 1;
        this.#readers -= 1;
        if (poll.readers > 0) return;
        this.#polls.delete(key);
        poll.left.abort();
      },
    };
  }
}
