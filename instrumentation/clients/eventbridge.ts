import { EVENTBRIDGE_SYSTEM } from "../events/envelope.ts";
import { asText } from "../events/event-source.ts";
import { toXray } from "../events/foreign-context.ts";
import type { AwsCommands } from "./aws-command.ts";
import { listOf } from "./batch.ts";
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
      const entries = listOf(output.Entries);
      const ids = entries.flatMap((entry) => asText(entry.EventId) ?? []);
      return {
        messageId: entries.length === 1 ? ids[0] : undefined,
        keys: ids.map((id) => `${EVENTBRIDGE_SYSTEM}:${id}`),
        failures: entries.flatMap((entry, index) => {
          const code = asText(entry.ErrorCode);
          return code ? [{ entryId: String(index), code, message: asText(entry.ErrorMessage) ?? "" }] : [];
        }),
      };
    },
  },
};
