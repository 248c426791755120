import { asText, type Fields } from "../events/event-source.ts";
import { EVENTBRIDGE_SYSTEM } from "../events/systems.ts";
import { toXray } from "../events/x-ray.ts";
import type { AwsCommands } from "./aws-command.ts";
import { identifyEntries, listOf } from "./batch.ts";
import { describeSend } from "./describe-send.ts";

/**
 * EventBridge. The user's detail stays as it is: the context goes into `TraceHeader`, which reaches queues as
 * `AWSTraceHeader`, and the id of each event joins what that does not reach.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
 */
export const eventBridgeCommands: AwsCommands = {
  "EventBridge.PutEvents": {
    kind: "producer",
    describe(input) {
      const entries = listOf(input.Entries);
      // A consumer is told the event's source, not its bus: that is the name both ends know.
      const of = entries.length > 1 ? { count: entries.length } : { body: entries[0]?.Detail };
      return describeSend(EVENTBRIDGE_SYSTEM, asText(entries[0]?.Source), of);
    },
    inject(input, { span }) {
      const TraceHeader = toXray(span.spanContext());
      return { ...input, Entries: listOf(input.Entries).map((entry) => ({ TraceHeader, ...entry })) };
    },
    identify(output) {
      const idOf = (entry: Fields): string | undefined => asText(entry.EventId);
      const entries = listOf(output.Entries);
      const messageId = entries.length === 1 ? entries.map(idOf)[0] : undefined;
      return { messageId, ...identifyEntries(EVENTBRIDGE_SYSTEM, entries, idOf) };
    },
  },
};
