/** Repeated siblings as one row that can be opened: ten thousand calls of the same are one line and not a mile. */
import { formatCount, formatDuration } from "../shared/format.ts";
import type { RowDraft } from "./row-tree.ts";
import type { Row, RowTag, Segment } from "./row.ts";

/** Siblings alike that become a group: fewer are read faster than opened. */
const GROUP_MIN = 5;
/** Stretches drawn of a group's runs: what lies nearer together than a part of this many is drawn as one. */
const STRETCHES_MAX = 80;

/** Returns siblings with those that are alike gathered, each group where its first member is. They are in order. */
export function groupSiblings(siblings: RowDraft[], parentId: string): RowDraft[] {
  if (siblings.length < GROUP_MIN) return siblings;
  const keys = siblings.map(likeness);
  const counts = new Map<string, number>();
  let most = 0;
  for (const key of keys) {
    const count = key === "" ? 0 : (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > most) most = count;
  }
  if (most < GROUP_MIN) return siblings;
  const placed = new Set<string>();
  return siblings.flatMap((draft, at) => {
    const key = keys[at] ?? "";
    if ((counts.get(key) ?? 0) < GROUP_MIN) return [draft];
    if (placed.has(key)) return [];
    placed.add(key);
    const members = siblings.filter((_, other) => keys[other] === key);
    return [groupOf(members, draft, `group:${parentId}:${key}`)];
  });
}

/** What makes rows alike; '' for those that stand for themselves: the critical path, attempts, gaps. */
function likeness({ row: { kind, critical, tags, service, name } }: RowDraft): string {
  if (critical || (kind !== "span" && kind !== "invocation" && kind !== "request")) return "";
  const isAttempt = tags.length > 0 && tags.some(({ text }) => text.startsWith("attempt "));
  return isAttempt ? "" : `${kind}/${service}/${name}`;
}

function groupOf(members: RowDraft[], first: RowDraft, id: string): RowDraft {
  const runs = members.map(({ row }) => runOf(row));
  const durations = runs.map(({ fromMs, toMs }) => toMs - fromMs).sort((a, b) => a - b);
  const failures = members.reduce((sum, { row }) => sum + (row.failed ? 1 : 0), 0);
  const tags: RowTag[] = [
    { tone: "plain", text: `p50 ${formatDuration(durations[Math.floor((durations.length - 1) / 2)] ?? 0)}` },
    { tone: "plain", text: `max ${formatDuration(durations.at(-1) ?? 0)}` },
  ];
  if (failures > 0) tags.push({ tone: "error", text: `${formatCount(failures)} failed` });
  const segments = stretchesOf(runs);
  const row: Row = {
    id,
    kind: "group",
    name: first.row.name,
    note: `× ${formatCount(members.length)}`,
    service: first.row.service,
    tags,
    failed: false,
    critical: false,
    segments,
    depth: 0,
    parentIndex: -1,
    endIndex: 0,
    fromMs: segments[0]?.fromMs ?? 0,
    toMs: segments.at(-1)?.toMs ?? 0,
  };
  return { row, orderMs: first.orderMs, children: members, isGroup: true };
}

function runOf(row: Row): Segment {
  return row.segments.findLast(({ kind }) => kind === "run") ?? { kind: "run", fromMs: row.fromMs, toMs: row.toMs };
}

/** The runs as few stretches: overlapping ones and neighbours joined. */
function stretchesOf(runs: readonly Segment[]): Segment[] {
  const sorted = runs.toSorted((a, b) => a.fromMs - b.fromMs);
  const fromMs = sorted[0]?.fromMs ?? 0;
  const toMs = sorted.reduce((latest, run) => Math.max(latest, run.toMs), fromMs);
  const nearMs = (toMs - fromMs) / STRETCHES_MAX;
  const stretches: Segment[] = [];
  for (const run of sorted) {
    const last = stretches.at(-1);
    if (last && run.fromMs <= last.toMs + nearMs) last.toMs = Math.max(last.toMs, run.toMs);
    else stretches.push({ kind: "run", fromMs: run.fromMs, toMs: run.toMs });
  }
  return stretches;
}
