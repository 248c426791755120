/** The identities of all messages that traces hold: a few narrow columns, read while their spans are. */
import { canonicalSystem } from "../../../schema/message-systems.ts";
import { isFilled } from "../column-groups.ts";
import { OWN_KEY_LEFT_OUT } from "../span-columns.ts";
import type { Store } from "../store.ts";
import { unorderedRowsOfTraces, type SpansOfTraces } from "./spans-of-traces.ts";
import type { TraceIndex } from "./trace-index.ts";

const NO_UUID = "00000000-0000-0000-0000-000000000000";
const ID_COLUMNS = [
  ["messaging_message_uuid", "uuid"],
  ["messaging_message_text", "text"],
] as const;

/** Where no span has an id of its own, no key is made of one. */
function columnsOf(columnGroups: number): string {
  const ids = ID_COLUMNS.filter(([column]) => isFilled(column, columnGroups)).map((names) => names.join(" AS "));
  const made = ids.length === 0 ? [] : ["message_keys_form AS form", "messaging_system AS system", ...ids];
  return ["message_keys AS keys", ...made].join(", ");
}

interface KeysRow {
  readonly keys: readonly string[];
  readonly form?: number;
  readonly system?: string;
  /** Of these one is filled at most. */
  readonly uuid?: string;
  readonly text?: string;
}

/** As hop_keys has them; of spans past `limit` none. */
export async function messageKeysOfTraces(
  store: Store,
  asked: SpansOfTraces,
  index?: TraceIndex,
): Promise<Set<string>> {
  const found = new Set<string>();
  await unorderedRowsOfTraces<KeysRow>({ store, index, columns: columnsOf }, asked, (row) => {
    const own = ownKey(row);
    if (own !== undefined) found.add(own);
    for (const key of row.keys) found.add(key);
  });
  return found;
}

/** The key that is made of the span's own system and id: where there is no other, or where it is left out of them. */
function ownKey({ keys, form = 0, system = "", uuid = NO_UUID, text = "" }: KeysRow): string | undefined {
  const id = text === "" && uuid !== NO_UUID ? uuid : text;
  const isMade = keys.length === 0 || form >= OWN_KEY_LEFT_OUT;
  return isMade && system !== "" && id !== "" ? `${canonicalSystem(system)}:${id}` : undefined;
}
