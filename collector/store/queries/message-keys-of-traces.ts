/** The identities of all messages that traces hold: a few narrow columns, read while their spans are. */
import { canonicalSystem } from "../../../schema/message-systems.ts";
import { OWN_KEY_LEFT_OUT } from "../span-columns.ts";
import type { Store } from "../store.ts";
import { unorderedRowsOfTraces, type SpansOfTraces } from "./spans-of-traces.ts";
import type { TraceIndex } from "./trace-index.ts";

const NO_UUID = "00000000-0000-0000-0000-000000000000";
const COLUMNS = [
  "message_keys AS keys, message_keys_form AS form, messaging_system AS system",
  "messaging_message_uuid AS uuid, messaging_message_text AS text",
].join(", ");

interface KeysRow {
  readonly keys: readonly string[];
  readonly form: number;
  readonly system: string;
  /** Of these one is filled at most. */
  readonly uuid: string;
  readonly text: string;
}

/** As hop_keys has them; of spans past `limit` none. */
export async function messageKeysOfTraces(
  store: Store,
  asked: SpansOfTraces,
  index?: TraceIndex,
): Promise<Set<string>> {
  const found = new Set<string>();
  await unorderedRowsOfTraces<KeysRow>({ store, index, columns: COLUMNS }, asked, (row) => {
    const own = ownKey(row);
    if (own !== undefined) found.add(own);
    for (const key of row.keys) found.add(key);
  });
  return found;
}

/** The key that is made of the span's own system and id: where there is no other, or where it is left out of them. */
function ownKey({ keys, form, system, uuid, text }: KeysRow): string | undefined {
  const id = text === "" && uuid !== NO_UUID ? uuid : text;
  const isMade = keys.length === 0 || form >= OWN_KEY_LEFT_OUT;
  return isMade && system !== "" && id !== "" ? `${canonicalSystem(system)}:${id}` : undefined;
}
