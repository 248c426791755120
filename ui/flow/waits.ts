import type { Hop } from "@hopscope/schema/flow";
import { flowTime, nodeExtent, type Delivery, type FlowIndex } from "./flow-index.ts";

/** Time that a message lay in a queue after its last attempt had failed, until it was moved away. */
export interface RetryWait {
  queueId: string;
  fromMs: number;
  toMs: number;
}

/** Returns, for every move to a dead-letter queue, the wait between the last failed attempt and the move. */
export function retryWaits(index: FlowIndex): RetryWait[] {
  return index.flow.hops.flatMap((hop) => {
    const wait = waitBeforeDeadLetter(index, hop);
    return wait ? [wait] : [];
  });
}

/** Sorts after every instant. */
const END_OF_TIME = "~";

/** Returns the attempts whose failure moved the message to a dead-letter queue, in order. */
export function attemptsBeforeDeadLetter(index: FlowIndex, deadLetter: Hop): Delivery[] {
  const { sentTime = END_OF_TIME } = deadLetter;
  // What was sent back from there is tried again, later.
  const taken = index.deliveriesFrom.get(deadLetter.from) ?? [];
  const tried = taken.filter(({ hop: { receivedTime = "" } }) => receivedTime <= sentTime);
  const same = tried.filter(({ hop }) => hop.messageId !== undefined && hop.messageId === deadLetter.messageId);
  return same.length > 0 ? same : tried.filter(({ failed }) => failed);
}

function waitBeforeDeadLetter(index: FlowIndex, hop: Hop): RetryWait | undefined {
  if (hop.kind !== "dead-letter") return undefined;
  const last = attemptsBeforeDeadLetter(index, hop).at(-1);
  const movedTo = index.deliveriesFrom.get(hop.to)?.[0]?.hop.sentTime;
  const movedTime = hop.sentTime ?? movedTo;
  if (!last || !movedTime) return undefined;
  const fromMs = nodeExtent(index.flow, last.target).toMs;
  const toMs = flowTime(index.flow, movedTime);
  return toMs > fromMs ? { queueId: hop.from, fromMs, toMs } : undefined;
}
