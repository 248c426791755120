/** The attribute `hopscope.message.keys`, as the span had it. */
import { canonicalSystem } from "../../../schema/message-systems.ts";
import { OWN_KEY_LEFT_OUT } from "../span-columns.ts";

/** SQL for the part of the attribute that is stored; nothing where the keys are derived. */
export const OWN_MESSAGE_KEYS_SQL = "if(message_keys_form IN (0, 2), message_keys, [])";

/** What {@link ownMessageKeys} is made of. */
export interface StoredMessageKeys {
  readonly keys: readonly string[];
  /** `message_keys_form`. */
  readonly form: number;
  readonly system: string;
  readonly messageId: string;
}

/** The attribute's value out of what is stored of it; empty where the span had none. */
export function ownMessageKeys({ keys, form, system, messageId }: StoredMessageKeys): string[] {
  return form === OWN_KEY_LEFT_OUT ? [`${canonicalSystem(system)}:${messageId}`, ...keys] : [...keys];
}
