/** Messages that were sent and that no code of the flow is known to have taken. */
import type { Gap } from "../../schema/flow.ts";
import type { ContentSends } from "./content.ts";
import type { Delivery } from "./delivery.ts";
import type { HopList } from "./hop-list.ts";
import type { NodeIdOf } from "./hops.ts";
import { fromMs } from "./instant.ts";
import { FUNCTION_SYSTEM, messageIdOf } from "./message.ts";
import { isStorage, kindOfSystem } from "./destination.ts";
import type { Send } from "./send.ts";
import type { Unit } from "./unit.ts";

/** What was sent by whom, and what of it was delivered. */
export interface UnreceivedInput {
  /** Units whose sends belong to the flow. */
  readonly units: readonly Unit[];
  readonly deliveries: readonly Delivery[];
  readonly nodeIdOf: NodeIdOf;
  readonly contentSends: ContentSends;
  /** Whether a bound ended the reading of the flow: what took a message may be beyond it. */
  readonly isCut: boolean;
}

/** Adds a publish hop for every message that was sent and not seen again, and says so. */
export function addUnreceived(hops: HopList, input: UnreceivedInput): Gap[] {
  const { units, deliveries, nodeIdOf, contentSends, isCut } = input;
  const takenKeys = new Set(deliveries.flatMap(({ take }) => take.keys));
  const takenFrom = new Map<Send, number>();
  for (const { edge, take } of deliveries) {
    const send = edge?.send;
    if (send === undefined || take.keys.some((key) => send.keys.has(key))) continue;
    takenFrom.set(send, (takenFrom.get(send) ?? 0) + 1);
  }
  const gaps: Gap[] = [];
  for (const unit of units) {
    for (const send of unit.sends) {
      if (send.failed || send.destination === undefined) continue;
      if (isAnswered(send)) {
        addWritten(hops, { send, takenKeys, from: nodeIdOf(unit) });
        continue;
      }
      const unnamed = takenFrom.get(send) ?? 0;
      const missing = [...send.keys].filter((key) => !takenKeys.has(key));
      if (send.keys.size === 0 ? unnamed > 0 : missing.length <= unnamed) continue;
      const isAmbiguous = contentSends.isAmbiguous(send);
      const ids = unnamed > 0 ? [] : missing;
      gaps.push(...addLost(hops, { send, missing: ids, from: nodeIdOf(unit), isAmbiguous, isCut }));
    }
  }
  return gaps;
}

/** Whether what was sent has reached its end with the call: a write to a table, a function waited for. */
function isAnswered({ destination, span }: Send): boolean {
  if (destination === undefined) return false;
  return isStorage(destination) || (destination.system === FUNCTION_SYSTEM && span.kind === "client");
}

/** A call to a place, where nothing that it set off is known. */
function addWritten(
  hops: HopList,
  { send, takenKeys, from }: { send: Send; takenKeys: ReadonlySet<string>; from: string },
) {
  if (send.destination === undefined || [...send.keys].some((key) => takenKeys.has(key))) return;
  if (!isStorage(send.destination)) return;
  const to = hops.place(send.destination, send.sentMs);
  const failed = send.span.status === "error";
  hops.add({ from, to, kind: "call", joinedBy: "parent", sentTime: fromMs(send.sentMs), ...(failed && { failed }) });
}

interface Lost {
  readonly send: Send;
  readonly missing: readonly string[];
  readonly from: string;
  /** Others sent the same body at about that time, and the body is all that could be followed. */
  readonly isAmbiguous: boolean;
  readonly isCut: boolean;
}

function addLost(hops: HopList, { send, missing, from, isAmbiguous, isCut }: Lost): Gap[] {
  const { destination, sentMs } = send;
  if (destination === undefined) return [];
  const nodeId = hops.place(destination, sentMs);
  const time = fromMs(sentMs);
  const kind = kindOfSystem(destination.system);
  const outcome = isAmbiguous
    ? "what received it is not known: it carried no trace, and several messages had the same body"
    : isCut
      ? "nothing received in what was read, as a bound cut the flow"
      : "nothing received";
  const message = `last seen entering ${kind} ${destination.name} at ${clockTime(time)}; ${outcome}`;
  const ids = missing.length > 0 ? missing.map((key) => ({ messageId: messageIdOf(key) })) : [{}];
  return ids.map((id) => {
    hops.add({ from, to: nodeId, kind: "publish", joinedBy: "parent", sentTime: time, ...id });
    return { kind: "not-received", nodeId, message, time, ...id };
  });
}

/** `12:00:01.204`, in UTC, for a reader. */
export function clockTime(instant: string): string {
  return instant.slice(11, 23);
}
