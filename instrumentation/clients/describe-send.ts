import {
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { defined } from "../events/event-source.ts";
import type { Described } from "./aws-command.ts";

/** Span name and attributes of what sends to `destination`; `count` for a batch. */
export function describeSend(system: string, destination: string | undefined, count?: number): Described {
  const name = destination ?? "unknown";
  return {
    spanName: `send ${name}`,
    attributes: defined({
      [MESSAGING_SYSTEM]: system,
      [MESSAGING_OPERATION_TYPE]: "send",
      [MESSAGING_DESTINATION_NAME]: name,
      [MESSAGING_BATCH_MESSAGE_COUNT]: count,
    }),
  };
}
