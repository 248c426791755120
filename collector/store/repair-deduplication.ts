/**
 * Takes back what an insert that was killed left in the deduplication logs of the embedded server.
 *
 * For each part of an insert ClickHouse first notes the token in its table's `deduplication_log_<n>.txt`, and then
 * renames the part to its final name (`MergeTreeSink::commitPart`). Killed between the two, the server would take every
 * repeat for a duplicate of a part that is not there, and the rows would be lost. Such an entry gets a DROP record,
 * which is how the server itself forgets one; then the repeat inserts what is missing, and nothing else.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";

/** Of the end of a log: an insert that was under way is the last in its table. */
const entriesMax = 1_000;
const LOG_NAME = /^deduplication_log_(\d+)\.txt$/;
const ENTRY = /^([12])\t([^\t]+)\t([^\t]+)$/;
const PART_NAME = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;
const ADD = "1";
const DROP = "2";

/** The blocks of one partition that a part holds. */
interface PartRange {
  readonly partition: string;
  readonly firstBlock: number;
  readonly lastBlock: number;
}

/**
 * Repairs every table under the server's path; no server may be running on it.
 *
 * @returns how many entries were taken back
 * @throws what the disk answered
 */
export function repairDeduplicationLogs(dataPath: string): number {
  const root = join(dataPath, "store");
  if (!existsSync(root)) return 0;
  let repaired = 0;
  for (const prefix of readdirSync(root)) {
    for (const id of readdirSync(join(root, prefix))) repaired += repairTable(join(root, prefix, id));
  }
  return repaired;
}

function repairTable(table: string): number {
  const dir = join(table, "deduplication_logs");
  if (!existsSync(dir)) return 0;
  const logs = readdirSync(dir)
    .filter((name) => LOG_NAME.test(name))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((name) => join(dir, name));
  const newest = logs.at(-1);
  if (newest === undefined) return 0;
  const lines = logs.flatMap(readLines).slice(-entriesMax);
  const parts = readdirSync(table).flatMap((name) => rangeOf(name) ?? []);
  const lost = [...liveEntries(lines)].filter(([, part]) => !isThere(part, parts));
  if (lost.length === 0) return 0;
  appendFileSync(newest, lost.map(([blockId, part]) => `${DROP}\t${part}\t${blockId}\n`).join(""));
  return lost.length;
}

function numberOf(logName: string): number {
  return Number(LOG_NAME.exec(logName)?.[1]);
}

/** Lines of a log; an end that was torn off is cut, as the server reads nothing past it. */
function readLines(path: string): string[] {
  const text = readFileSync(path, "latin1");
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) truncateSync(path, end);
  return text.slice(0, end).split("\n").slice(0, -1);
}

/** Block ids that the log knows when it is read to its end, each with the part that was noted for it. */
function liveEntries(lines: readonly string[]): ReadonlyMap<string, string> {
  const live = new Map<string, string>();
  for (const line of lines) {
    const [, operation, part, blockId] = ENTRY.exec(line) ?? [];
    if (part === undefined || blockId === undefined) continue;
    if (operation === ADD) live.set(blockId, part);
    else live.delete(blockId);
  }
  return live;
}

/** Whether a part, or one that it was merged into, is in the table. */
function isThere(name: string, parts: readonly PartRange[]): boolean {
  const range = rangeOf(name);
  if (range === undefined) return true;
  return parts.some(
    ({ partition, firstBlock, lastBlock }) =>
      partition === range.partition && firstBlock <= range.firstBlock && lastBlock >= range.lastBlock,
  );
}

function rangeOf(name: string): PartRange | undefined {
  const [, partition, firstBlock, lastBlock] = PART_NAME.exec(name) ?? [];
  if (partition === undefined) return undefined;
  return { partition, firstBlock: Number(firstBlock), lastBlock: Number(lastBlock) };
}
