/** The alerts' state in ClickHouse: a log whose numbers are each written once, by whoever comes first. */
import type { Store } from "../store.ts";

/** An entry as it was found. */
export interface LogEntry {
  readonly seq: number;
  readonly epoch: number;
  readonly holder: string;
  /** `claim`: another epoch begins. `entry`: changes. `snapshot`: everything; what is before it is not needed. */
  readonly kind: "claim" | "entry" | "snapshot";
  readonly payload: string;
}

/** Who evaluates, and for how long nothing was heard of them (by the server's clock). */
export interface LogTail {
  readonly seq: number;
  readonly epoch: number;
  readonly holder: string;
  readonly silentMs: number;
}

/**
 * Writes an entry under its number.
 *
 * @returns whether it is this one that stands there now; false means that another collector was first
 * @throws StoreError where ClickHouse cannot be reached; the entry may then be there or not: write it again
 */
export async function appendEntry(store: Store, entry: LogEntry): Promise<boolean> {
  await store.insertNative("alert_log", [entryBlock(entry)], `alert-log-${entry.seq}`);
  const rows = await store.query<{ epoch: string; holder: string }>(
    "SELECT epoch, holder FROM alert_log WHERE seq = {seq:UInt64} ORDER BY epoch DESC, written LIMIT 1",
    { seq: entry.seq },
  );
  const found = rows[0];
  return found !== undefined && Number(found.epoch) === entry.epoch && found.holder === entry.holder;
}

/** The end of the log; number and epoch 0 where it is empty. */
export async function readTail(store: Store): Promise<LogTail> {
  const rows = await store.query<{ seq: string; epoch: string; holder: string; silentMs: string }>(
    `SELECT lastSeq AS seq, lastEpoch AS epoch, lastHolder AS holder,
       dateDiff('millisecond', greatest(lastWritten, lastBeat), now64(3)) AS silentMs
     FROM (SELECT max(seq) AS lastSeq, max(epoch) AS lastEpoch, argMax(holder, (epoch, seq)) AS lastHolder,
             max(written) AS lastWritten FROM alert_log) AS log
     CROSS JOIN (SELECT max(at) AS lastBeat FROM alert_heartbeats
                 WHERE epoch >= (SELECT max(epoch) FROM alert_log)) AS heart`,
  );
  const row = rows[0];
  if (row === undefined || Number(row.seq) === 0)
    return { seq: 0, epoch: 0, holder: "", silentMs: Number.MAX_SAFE_INTEGER };
  return { seq: Number(row.seq), epoch: Number(row.epoch), holder: row.holder, silentMs: Number(row.silentMs) };
}

/** The newest snapshot and all that follows, in order, without void entries. */
export async function readLog(store: Store): Promise<LogEntry[]> {
  const rows = await store.query<{
    seq: string;
    epoch: string;
    holder: string;
    kind: LogEntry["kind"];
    payload: string;
  }>(
    `SELECT seq, epoch, holder, kind, payload FROM alert_log
     WHERE seq >= (SELECT max(seq) FROM alert_log WHERE kind = 'snapshot')
     ORDER BY seq, epoch DESC, written
     LIMIT 1 BY seq`,
  );
  let epoch = 0;
  return rows.flatMap((row) => {
    const entry = { ...row, seq: Number(row.seq), epoch: Number(row.epoch) };
    if (entry.epoch < epoch) return [];
    epoch = entry.epoch;
    return [entry];
  });
}

/** Says that the holder of an epoch is alive. */
export async function beat(store: Store, epoch: number, holder: string): Promise<void> {
  await store.command("INSERT INTO alert_heartbeats (epoch, holder) VALUES ({epoch:UInt64}, {holder:String})", {
    epoch,
    holder,
  });
}

/** One row as a Native block: the insert must carry a token, which only that way in does. */
function entryBlock({ seq, epoch, holder, kind, payload }: LogEntry): Uint8Array {
  const parts: Uint8Array[] = [varint(5), varint(1)];
  const column = (name: string, type: string, value: Uint8Array): void => {
    parts.push(text(name), text(type), value);
  };
  column("seq", "UInt64", uint64(seq));
  column("epoch", "UInt64", uint64(epoch));
  column("holder", "String", text(holder));
  column("kind", "String", text(kind));
  column("payload", "String", text(payload));
  return Buffer.concat(parts);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([varint(bytes.length), bytes]);
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
