/** Repeated siblings as one row that can be opened: ten thousand calls of the same are one line and not a mile. */
import { formatCount, formatDuration } from "../shared/format.ts";
import type { FlowIndex } from "./flow-index.ts";
import type { RowDraft, RowItem } from "./row-tree.ts";
import type { Row, RowTag, Segment } from "./row.ts";

/** Siblings alike that become a group: fewer are read faster than opened. */
const GROUP_MIN = 5;
/** Stretches drawn of a group's runs: what lies nearer together than a part of this many is drawn as one. */
const STRETCHES_MAX = 80;

/** Returns siblings with those that are alike gathered, each group where its first member is. They are in order. */
export function groupSiblings(index: FlowIndex, siblings: RowItem[], parentId: () => string): RowItem[] {
  if (siblings.length < GROUP_MIN) return siblings;
  const keys = siblings.map((item) => likeness(index, item));
  const counts = new Map<string | number, number>();
  let most = 0;
  for (const key of keys) {
    const count = key === ALONE ? 0 : (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > most) most = count;
  }
  if (most < GROUP_MIN) return siblings;
  const placed = new Set<string | number>();
  return siblings.flatMap((item, at) => {
    const key = keys[at] ?? ALONE;
    if ((counts.get(key) ?? 0) < GROUP_MIN) return [item];
    if (placed.has(key)) return [];
    placed.add(key);
    const members = siblings.filter((_, other) => keys[other] === key);
    return [groupOf(index, members, parentId())];
  });
}

/** The likeness of rows that stand for themselves. */
const ALONE = "";

/** What makes rows alike, of a span a number; not the critical path, attempts, gaps. */
function likeness({ spans }: FlowIndex, item: RowItem): string | number {
  if (typeof item === "number") return spans.likeness(item);
  const { kind, critical, tags, service, name } = item.row;
  if (critical || (kind !== "invocation" && kind !== "request")) return ALONE;
  const isAttempt = tags.length > 0 && tags.some(({ text }) => text.startsWith("attempt "));
  return isAttempt ? ALONE : `${kind}/${service}/${name}`;
}

function groupOf(index: FlowIndex, members: RowItem[], parentId: string): RowDraft {
  const runs = members.map((item) => runOf(index, item));
  const first = wordsOf(index, members[0] ?? 0);
  const durations = runs.map(({ fromMs, toMs }) => toMs - fromMs).sort((a, b) => a - b);
  const failures = members.reduce<number>((sum, item) => sum + (isFailed(index, item) ? 1 : 0), 0);
  const tags: RowTag[] = [
    { tone: "plain", text: `p50 ${formatDuration(durations[Math.floor((durations.length - 1) / 2)] ?? 0)}` },
    { tone: "plain", text: `max ${formatDuration(durations.at(-1) ?? 0)}` },
  ];
  if (failures > 0) tags.push({ tone: "error", text: `${formatCount(failures)} failed` });
  const segments = stretchesOf(runs);
  const row: Row = {
    id: `group:${parentId}:${first.kind}/${first.service}/${first.name}`,
    kind: "group",
    name: first.name,
    note: `× ${formatCount(members.length)}`,
    service: first.service,
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
  return { row, orderMs: row.fromMs, children: members, isGroup: true };
}

function wordsOf({ spans }: FlowIndex, item: RowItem): Pick<Row, "kind" | "service" | "name"> {
  return typeof item === "number" ? { kind: "span", service: spans.service(item), name: spans.name(item) } : item.row;
}

function isFailed({ spans }: FlowIndex, item: RowItem): boolean {
  return typeof item === "number" ? spans.failure(item) !== undefined : item.row.failed;
}

function runOf({ spans }: FlowIndex, item: RowItem): Segment {
  if (typeof item === "number") {
    const fromMs = spans.startMs[item] ?? 0;
    return { kind: "run", fromMs, toMs: fromMs + (spans.durationMs[item] ?? 0) };
  }
  const { row } = item;
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
