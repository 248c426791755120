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
  /** Texts where the form says that a key was made of them. */
  readonly system: unknown;
  readonly messageId: unknown;
}

/** The attribute's value out of what is stored of it; empty where the span had none. */
export function ownMessageKeys({ keys, form, system, messageId }: StoredMessageKeys): string[] {
  if (form !== OWN_KEY_LEFT_OUT || typeof system !== "string" || typeof messageId !== "string") return [...keys];
  return [`${canonicalSystem(system)}:${messageId}`, ...keys];
}
