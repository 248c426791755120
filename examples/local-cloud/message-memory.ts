/** Messages remembered at once: far more than a local run has in flight, far less than would matter in memory. */
const MESSAGES_REMEMBERED_MAX = 100_000;

/** What SQS knows of a message and the emulator does not keep. */
export interface MessageFacts {
  /** System attribute AWSTraceHeader, as sent. */
  traceHeader?: string;
  /** ARN of the queue from which it was first received. */
  firstQueueArn?: string;
  /** How often anyone received it, from whichever queue. */
  receives: number;
}

/** Facts by message id; forgets the oldest message when full. */
export class MessageMemory {
  readonly #facts = new Map<string, MessageFacts>();

  /** The facts of a message, none at first; changes to them are kept. */
  of(messageId: string): MessageFacts {
    let facts = this.#facts.get(messageId);
    if (facts === undefined) {
      if (this.#facts.size >= MESSAGES_REMEMBERED_MAX) this.#forgetOldest();
      facts = { receives: 0 };
      this.#facts.set(messageId, facts);
    }
    return facts;
  }

  #forgetOldest(): void {
    const oldest = this.#facts.keys().next();
    if (!oldest.done) this.#facts.delete(oldest.value);
  }
}
