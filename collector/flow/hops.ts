/** Hops: what moved from where to where, between code and through queues and topics. */
import type { Hop } from "../../schema/flow.ts";
import { hasFailed, queueWaitMsOf, sentMsOf, type Delivery } from "./delivery.ts";
import { isPointToPoint, isSameDestination } from "./destination.ts";
import type { HopList } from "./hop-list.ts";
import { fromMs } from "./instant.ts";
import { isOutcome, type Edge } from "./join.ts";
import { FUNCTION_SYSTEM, messageIdOf, type Destination } from "./message.ts";
import type { Unit } from "./unit.ts";

/** The node that shows a unit in this flow. */
export type NodeIdOf = (unit: Unit) => string;

/** Adds the hops of one message: published once, then delivered, failed, dead-lettered, redriven, delivered again. */
export function addMessageHops(hops: HopList, chain: readonly Delivery[], nodeIdOf: NodeIdOf): void {
  const deadLetterSources = new Map<string, string>();
  let at: string | undefined;
  for (const delivery of chain) {
    const { destination } = delivery;
    if (destination === undefined || isDirect(delivery)) {
      addUnplaced(hops, delivery, nodeIdOf);
      continue;
    }
    const arrivalMs = sentMsOf(delivery) ?? delivery.startMs;
    if (delivery.edge) addPublish(hops, delivery, { edge: delivery.edge, nodeIdOf });
    at ??= entryQueue(hops, delivery, arrivalMs);
    const here = hops.place(destination, delivery.previous ? delivery.startMs : arrivalMs);
    hops.place(destination, delivery.startMs);
    if (at !== here) {
      const isRedrive = deadLetterSources.get(at) === here;
      const kind = isRedrive ? "redrive" : "dead-letter";
      const sentTime = fromMs(delivery.previous?.endMs ?? arrivalMs);
      hops.add({ from: at, to: here, kind, joinedBy: "identity", sentTime, ...messageIdIn(delivery, destination) });
      if (!isRedrive) {
        deadLetterSources.set(here, at);
        hops.markDeadLetter(here);
      }
      at = here;
    }
    addReceive(hops, delivery, { from: here, to: nodeIdOf(delivery.unit) });
  }
}

/** The queue into which the message first came: not the one it was taken from, where it was moved before. */
function entryQueue(hops: HopList, { destination, take, edge }: Delivery, arrivalMs: number): string {
  const sentTo = edge?.send?.destination;
  const here = destination as Destination;
  let first = here;
  if (take.deadLetterSource !== undefined) first = { ...here, name: take.deadLetterSource };
  else if (sentTo && isPointToPoint(sentTo) && sentTo.system === here.system && sentTo.name !== here.name)
    first = sentTo;
  return hops.place(first, arrivalMs);
}

/** Whether one function waited for the other, or nobody is known to have invoked it: no queue lay between. */
function isDirect({ destination, edge, unit }: Delivery): boolean {
  if (edge === undefined) return unit.entry.kind === "server";
  return destination?.system === FUNCTION_SYSTEM && (isOutcome(edge) || edge.fromSpan.kind === "client");
}

/** Code that was called, or whose message's way is not known: it still came from somewhere. */
function addUnplaced(hops: HopList, { unit, edge, failed, attempt }: Delivery, nodeIdOf: NodeIdOf): void {
  if (edge === undefined) return;
  const from = nodeIdOf(edge.from);
  hops.add({ from, to: nodeIdOf(unit), kind: "call", joinedBy: edge.joinedBy, attempt, ...(failed && { failed }) });
}

/** Code to topic or queue, and from the topic to the queue that is subscribed to it. */
function addPublish(hops: HopList, delivery: Delivery, { edge, nodeIdOf }: { edge: Edge; nodeIdOf: NodeIdOf }): void {
  const { take, destination } = delivery;
  const queue = destination as Destination;
  const named = edge.send?.destination ?? (isOutcome(edge) ? undefined : take.via) ?? queue;
  const sentTo = isSameDestination(named, queue) ? queue : named;
  // The producer's call ends when its answer is back: the broker may have passed the message on before.
  const sentMs = Math.min(edge.send?.sentMs ?? Infinity, sentMsOf(delivery) ?? delivery.startMs);
  const to = hops.place(sentTo, sentMs);
  const { joinedBy } = edge;
  const messageId = messageIdIn(delivery, sentTo);
  hops.add({ from: nodeIdOf(edge.from), to, kind: "publish", joinedBy, sentTime: fromMs(sentMs), ...messageId });
  addDeliver(hops, delivery, { topic: sentTo, sentMs });
}

/** Topic to queue: the first queue that the message came to. */
function addDeliver(
  hops: HopList,
  delivery: Delivery,
  { topic, sentMs }: { topic: Destination; sentMs: number },
): void {
  const { take, edge } = delivery;
  const here = delivery.destination as Destination;
  const queue = take.deadLetterSource === undefined ? here : { ...here, name: take.deadLetterSource };
  if (delivery.previous || isSameDestination(topic, queue) || isPointToPoint(topic)) return;
  const arrivalMs = sentMsOf(delivery) ?? delivery.startMs;
  const to = hops.place(queue, arrivalMs);
  const joinedBy = edge?.joinedBy ?? "identity";
  const from = hops.place(topic, sentMs);
  const sentTime = fromMs(arrivalMs);
  hops.add({ from, to, kind: "deliver", joinedBy, sentTime, ...messageIdIn(delivery, queue) });
}

/** A message whose producer sent no spans, but whose topic its consumer names. */
export function addUnsentDeliver(hops: HopList, delivery: Delivery): void {
  const { via } = delivery.take;
  if (delivery.edge || via === undefined || delivery.destination === undefined) return;
  addDeliver(hops, delivery, { topic: via, sentMs: sentMsOf(delivery) ?? delivery.startMs });
}

function addReceive(hops: HopList, delivery: Delivery, { from, to }: { from: string; to: string }): void {
  const { take, attempt, failed, startMs } = delivery;
  const sentMs = sentMsOf(delivery);
  const queueWaitMs = queueWaitMsOf(delivery);
  const receivedMs = (attempt === 1 ? take.firstReceivedMs : undefined) ?? startMs;
  hops.add({
    from,
    to,
    kind: "receive",
    joinedBy: delivery.edge?.joinedBy ?? "identity",
    ...(queueWaitMs !== undefined && { queueWaitMs }),
    ...(sentMs !== undefined && { sentTime: fromMs(sentMs) }),
    receivedTime: fromMs(receivedMs),
    attempt,
    ...messageIdIn(delivery, delivery.destination as Destination),
    ...(failed && { failed }),
  });
}

/** The id that the message has in that place: the one of its system, else the only one known. */
function messageIdIn({ take, edge }: Delivery, { system }: Destination): Pick<Hop, "messageId"> {
  const ofSystem = (key: string) => key.startsWith(`${system}:`);
  const sent = edge?.send?.keys;
  const only = sent?.size === 1 ? [...sent].find(ofSystem) : undefined;
  const key = take.keys.find(ofSystem) ?? only ?? take.keys[0];
  return key === undefined ? {} : { messageId: messageIdOf(key) };
}

/** Code to code, waited for. */
export function addCall(hops: HopList, edge: Edge, nodeIdOf: NodeIdOf): void {
  const from = nodeIdOf(edge.from);
  const to = nodeIdOf(edge.to);
  if (from === to) return;
  const failed = hasFailed(edge.to.entry);
  hops.add({ from, to, kind: "call", joinedBy: edge.joinedBy, ...(failed && { failed }) });
}
