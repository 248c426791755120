/** Lets merges wait in the collector's own server. */
import type { Store } from "./store.ts";

/** Its merges are few and long: one that was stopped would have to be done again. */
const SPANS = "spans";

/**
 * Stops the merges of every table but `spans`, or starts them again; what a restart of the server forgets. Only for a
 * server that ends with this collector: in any other they would wait for ever if the collector were killed.
 */
export async function holdMerges(store: Pick<Store, "query" | "command">, isHeld: boolean): Promise<void> {
  const tables = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != {spans:String}",
    { spans: SPANS },
  );
  for (const { name } of tables) await store.command(`SYSTEM ${isHeld ? "STOP" : "START"} MERGES \`${name}\``);
}
