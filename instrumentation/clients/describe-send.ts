import {
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_BODY_SIZE,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { defined } from "../events/event-source.ts";
import type { Described } from "./aws-command.ts";
import { textBytes } from "./message-attributes.ts";

interface Sending {
  readonly count?: number | undefined;
  readonly body?: unknown;
  readonly operation?: "send" | "receive";
}

/** Span name and attributes of what sends to `destination`, or receives: `body`, or for a batch `count` messages. */
export function describeSend(
  system: string,
  destination: string | undefined,
  { count, body, operation = "send" }: Sending = {},
): Described {
  const name = destination ?? "unknown";
  return {
    spanName: `${operation} ${name}`,
    attributes: defined({
      [MESSAGING_SYSTEM]: system,
      [MESSAGING_OPERATION_TYPE]: operation,
      [MESSAGING_DESTINATION_NAME]: name,
      [MESSAGING_BATCH_MESSAGE_COUNT]: count,
      [MESSAGING_MESSAGE_BODY_SIZE]: body instanceof Uint8Array ? body.length : textBytes(body) || undefined,
    }),
  };
}
