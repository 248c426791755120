/** Deliveries: each time that a message of the flow was handed to code, in the order of its attempts. */
import * as names from "../../schema/attributes.ts";
import type { Span } from "../../schema/flow.ts";
import { isTrue, text } from "./attribute-readers.ts";
import { destinationId, isPointToPoint } from "./destination.ts";
import { groupedBy } from "./grouped.ts";
import { toMs } from "./instant.ts";
import { isOutcome, type Edge } from "./join.ts";
import type { Destination } from "./message.ts";
import type { Selection } from "./select.ts";
import { compare, endMs } from "./span-order.ts";
import type { Take } from "./take.ts";
import type { Unit } from "./unit.ts";

/** One message handed to one unit; milliseconds since the epoch. */
export interface Delivery {
  readonly unit: Unit;
  readonly take: Take;
  readonly edge: Edge | undefined;
  /** Where it was taken from. */
  readonly destination: Destination | undefined;
  readonly startMs: number;
  readonly endMs: number;
  /** Of a batch that was given back in part, true for the messages that were. */
  readonly failed: boolean;
  /** 1 for the first delivery from this destination. */
  attempt: number;
  /** Attempts seen from this destination. */
  attempts: number;
  /** The delivery before this one, from whichever queue. */
  previous?: Delivery;
  /** The delivery after this one. */
  next?: Delivery;
  /** When the state before this one ended, of a state machine, milliseconds since the epoch. */
  afterStateMs?: number;
}

/** One execution has many states, each of which waits for those before it and for nobody else. */
const STATE_MACHINE_SYSTEM = "aws.stepfunctions";

/** The deliveries of the flow, in chains of one message each, every chain by time. */
export function deliveryChains({ units, takes, edges }: Selection): Delivery[][] {
  const edgeOfTake = new Map<Take, Edge>();
  for (const edge of edges) if (edge.take) edgeOfTake.set(edge.take, edge);
  const chains = new Map<string, Delivery[]>();
  for (const unit of units) {
    const allFailed = hasFailed(unit.entry) && !namesReturned(unit.entry);
    for (const take of takes.get(unit) ?? []) {
      const failed = take.returned || allFailed;
      const delivery = newDelivery(unit, take, { edge: edgeOfTake.get(take), failed });
      const key = chainKey(delivery);
      const chain = chains.get(key);
      if (chain) chain.push(delivery);
      else chains.set(key, [delivery]);
    }
  }
  for (const chain of chains.values()) numberAttempts(chain);
  orderStates([...chains.values()].flat());
  return [...chains.values()];
}

function newDelivery(unit: Unit, take: Take, { edge, failed }: Pick<Delivery, "edge" | "failed">): Delivery {
  const { entry } = unit;
  return {
    unit,
    take,
    edge,
    destination: inAccount(take.destination ?? edge?.send?.destination, entry),
    // What waits for an answer took it long after it began.
    startMs: toMs(take.span.startTime),
    endMs: endMs(entry),
    failed,
    attempt: 1,
    attempts: 1,
  };
}

/** A function takes from the queues of its own account, but where something says otherwise. */
function inAccount(destination: Destination | undefined, { resource }: Span): Destination | undefined {
  if (destination === undefined || destination.account !== undefined) return destination;
  return { ...destination, account: text(resource, names.CLOUD_ACCOUNT_ID) };
}

/** Whether the run ended in an error, its record's return to the queue, or at its deadline. */
export function hasFailed(entry: Span): boolean {
  const { status, attributes } = entry;
  return status === "error" || isTrue(attributes, names.MESSAGE_RETURNED) || isTrue(attributes, names.TIMED_OUT);
}

/** Whether a batch was given back in part, and its span says which records those were. */
function namesReturned({ links, events }: Span): boolean {
  return [...links, ...events].some(({ attributes }) => isTrue(attributes, names.MESSAGE_RETURNED));
}

/** The function's name, else the service's. */
export function consumerName(entry: Span): string {
  return text(entry.resource, names.FAAS_NAME) ?? text(entry.attributes, names.FAAS_NAME) ?? entry.service;
}

/** What deliveries of one message have in common: its identity in the queue, else who sent it and who took it. */
function chainKey({ unit, take, edge, destination }: Delivery): string {
  const own = take.keys.find((key) => destination !== undefined && key.startsWith(`${destination.system}:`));
  const isSent = own !== undefined && !isOutcome(edge);
  if (isSent && destination && isPointToPoint(destination)) return own;
  // The name tells the states of a state machine apart that one function serves.
  const consumer = JSON.stringify([unit.entry.service, consumerName(unit.entry), unit.entry.name]);
  const place = destination ? destinationId(destination) : "";
  const key = own ?? take.keys[0];
  if (key !== undefined) return [key, place, consumer].join("\n");
  const isSingle = edge?.send !== undefined && edge.send.keys.size <= 1 && unit.batchSize === 1;
  if (!isSingle) return [unit.entry.traceId, unit.id, place].join("\n");
  return [edge.fromSpan.traceId, edge.fromSpan.spanId, place, consumer].join("\n");
}

function numberAttempts(chain: Delivery[]): void {
  const counts = new Set(chain.map(({ take }) => take.receiveCount));
  const isCounted = counts.size === chain.length && !counts.has(undefined);
  // By the broker's count where that tells each from all others: clocks of several hosts may say otherwise.
  const byCount = (a: Delivery, b: Delivery) => receiveCount(a) - receiveCount(b);
  const byTime = (a: Delivery, b: Delivery) => a.startMs - b.startMs || byCount(a, b) || compare(a.unit.id, b.unit.id);
  chain.sort((a, b) => (isCounted && byCount(a, b)) || byTime(a, b));
  const seen = new Map<string, number>();
  const placeOf = ({ destination }: Delivery) => (destination ? destinationId(destination) : "");
  for (const [at, delivery] of chain.entries()) {
    const place = placeOf(delivery);
    const count = (seen.get(place) ?? 0) + 1;
    seen.set(place, count);
    delivery.attempt = delivery.take.receiveCount ?? count;
    const previous = chain[at - 1];
    if (previous === undefined) continue;
    delivery.previous = previous;
    previous.next = delivery;
  }
  for (const delivery of chain) delivery.attempts = seen.get(placeOf(delivery)) ?? 1;
}

function orderStates(deliveries: readonly Delivery[]): void {
  const states = deliveries.filter(({ destination }) => destination?.system === STATE_MACHINE_SYSTEM);
  states.sort((a, b) => a.startMs - b.startMs);
  for (const execution of groupedBy(states, ({ take }) => take.keys[0]).values()) {
    const places = new Map(execution.map((state, at) => [state, at]));
    // Thousands may run at once: each is looked at when it has ended, once.
    const ending = [...execution].sort((a, b) => overMs(a) - overMs(b));
    let ended = 0;
    let endedMs = -Infinity;
    for (const [at, state] of execution.entries()) {
      for (let next = ending[ended]; next && overMs(next) <= state.startMs; next = ending[(ended += 1)]) {
        if ((places.get(next) ?? 0) >= at) break;
        endedMs = Math.max(endedMs, next.endMs);
      }
      if (endedMs > -Infinity) state.afterStateMs = endedMs;
    }
  }
}

/** When it is over, whatever the clocks of a poll and of what it took say. */
function overMs({ startMs, endMs: ms }: Delivery): number {
  return Math.max(startMs, ms);
}

function receiveCount({ take }: Delivery): number {
  return take.receiveCount ?? 0;
}

/** When the message was sent, milliseconds since the epoch: the broker's word, else the end of the producer's call. */
export function sentMsOf({ take, edge, startMs }: Delivery): number | undefined {
  const sentMs = take.sentMs ?? edge?.send?.sentMs;
  if (sentMs !== undefined) return sentMs;
  return edge === undefined ? undefined : Math.min(endMs(edge.fromSpan), startMs);
}

/**
 * Milliseconds that the message waited for this delivery. The first one: from sent to received, by the broker's clock
 * where it gives both. A later one: from the end of the attempt before, since until then it was in that code's hands.
 * Never negative, whatever the clocks say.
 */
export function queueWaitMsOf(delivery: Delivery): number | undefined {
  const { take, startMs, previous, attempt } = delivery;
  if (previous) return Math.max(0, startMs - previous.endMs);
  const sentMs = delivery.afterStateMs ?? sentMsOf(delivery);
  if (sentMs === undefined) return undefined;
  const isFirst = attempt === 1 && take.sentMs !== undefined && take.firstReceivedMs !== undefined;
  return Math.max(0, (isFirst ? (take.firstReceivedMs ?? startMs) : startMs) - sentMs);
}
