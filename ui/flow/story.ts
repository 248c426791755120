import type { Hop } from "@hopscope/schema/flow";
import type { OutlineNode } from "@hopscope/schema/flow-outline";
import { formatDuration, listWords, plural } from "../shared/format.ts";
import { entryName, flowTime, isCode, nodeExtent, type Delivery, type FlowIndex } from "./flow-index.ts";
import { attemptsBeforeDeadLetter } from "./waits.ts";

/** Lines of a story; a flow that has more is read in the waterfall. */
export const STORY_LINES_MAX = 60;

/** Brokers tell milliseconds: a wait below one was none. */
const AT_ONCE_MS = 1;

/** One sentence of what happened, in order of time. */
export interface StoryLine {
  id: string;
  /** In flow time. */
  atMs: number;
  tone: "plain" | "ok" | "warn" | "error";
  /** What happened; names and durations apart, so that a view can set them off. */
  words: Word[];
  /** Why it failed, word for word. */
  error?: string;
  /** The node that the line is about. */
  nodeId: string;
}

/** A piece of a sentence: `strong` for names and durations. */
export type Word = string | { strong: string };

/** Returns what happened in a flow, in words and in order of time, at most {@link STORY_LINES_MAX} lines. */
export function tellStory(index: FlowIndex): { lines: StoryLine[]; omitted: number } {
  const lines: StoryLine[] = [];
  for (const node of index.flow.nodes) {
    if (isCode(node)) lines.push(codeLine(index, node));
    else lines.push(...fanOutLine(index, node));
  }
  for (const hop of index.flow.hops) lines.push(...moveLine(index, hop));
  for (const gap of index.flow.gaps) {
    lines.push({
      id: `gap:${gap.kind}:${gap.nodeId}`,
      atMs: flowTime(index.flow, gap.time),
      tone: "warn",
      words: [gap.message],
      nodeId: gap.nodeId,
    });
  }
  lines.sort((a, b) => a.atMs - b.atMs);
  return { lines: lines.slice(0, STORY_LINES_MAX), omitted: Math.max(0, lines.length - STORY_LINES_MAX) };
}

/** Returns the flow's outcome in one sentence. */
export function headline(index: FlowIndex): { tone: StoryLine["tone"]; text: string } {
  const { flow } = index;
  const lost = flow.hops.find((hop) => hop.kind === "dead-letter");
  if (lost) {
    // Sent back and taken, or copied: then the flow as a whole did not fail.
    const isMended = flow.status !== "error";
    return { tone: isMended ? "warn" : "error", text: deadLetterHeadline(index, lost, isMended) };
  }
  const waiting = flow.gaps.find((gap) => gap.kind !== "missing-parent");
  const deliveries = [...index.deliveriesFrom.values()].flat();
  const failed = deliveries.filter((delivery) => delivery.failed);
  const last = failed.at(-1);
  if (last) {
    const after = deliveries.find((one) => !one.failed && sameMessage(one, last) && one.attempt > last.attempt);
    const times = failed.filter((one) => sameMessage(one, last)).length;
    const how = `${last.target.name} failed ${times === 1 ? "once" : `${times} times`} (${errorName(last.target)})`;
    if (after)
      return { tone: "warn", text: `${how} and went through on attempt ${after.attempt} of ${after.attempts}.` };
    return { tone: "error", text: `${how}${waiting ? "; its message waits for another attempt" : ""}.` };
  }
  const broken = flow.nodes.find((node) => isCode(node) && node.status === "error");
  if (broken) return { tone: "error", text: `${broken.name} failed (${errorName(broken)}).` };
  if (waiting) return { tone: "warn", text: `Still under way: ${waiting.message}.` };
  return { tone: "ok", text: `Everything went through in ${formatDuration(index.window.toMs - index.window.fromMs)}.` };
}

function deadLetterHeadline(index: FlowIndex, hop: Hop, isMended: boolean): string {
  const tried = attemptsBeforeDeadLetter(index, hop);
  const queue = index.nodes.get(hop.to)?.name ?? "a dead-letter queue";
  const last = tried.at(-1);
  const end = isMended ? `${queue}, and went through later` : queue;
  if (!last) return `A message was moved to ${end}.`;
  const times = tried.length === 1 ? "once" : `${tried.length} times`;
  return `${last.target.name} failed ${times} (last: ${errorName(last.target)}); its message was moved to ${end}.`;
}

function codeLine(index: FlowIndex, node: OutlineNode): StoryLine {
  const { fromMs } = nodeExtent(index.flow, node);
  const delivery = index.deliveriesTo.get(node.id)?.[0];
  const failed = node.status === "error";
  const words: Word[] = delivery ? deliveryWords(delivery) : callWords(index, node);
  if (node.batch && node.batch.size > 1) words.push(`, as 1 of ${plural(node.batch.size, "message")},`);
  if (node.coldStart === true) words.push(...coldWords(node));
  words.push(...outcomeWords(node, failed));
  return {
    id: node.id,
    atMs: delivery?.waited?.toMs ?? fromMs - (node.initMs ?? 0),
    tone: failed ? "error" : (delivery?.attempt ?? 1) > 1 ? "ok" : "plain",
    words,
    nodeId: node.id,
    ...(failed && node.error ? { error: [node.error.type, node.error.message].filter(Boolean).join(": ") } : {}),
  };
}

function deliveryWords({ attempt, attempts, source, target, waited }: Delivery): Word[] {
  const words: Word[] = [];
  const lengthMs = waited ? waited.toMs - waited.fromMs : undefined;
  if (lengthMs !== undefined) {
    const wait = { strong: formatDuration(lengthMs) };
    if (attempt > 1) words.push("Back in ", { strong: source.name }, " for ", wait, "; ");
    else if (lengthMs < AT_ONCE_MS) words.push("Taken from ", { strong: source.name }, " at once; ");
    else words.push("Waited ", wait, " in ", { strong: source.name }, "; ");
  } else words.push("From ", { strong: source.name }, ": ");
  words.push({ strong: target.name });
  if (attempts > 1) words.push(" ", { strong: `attempt ${attempt} of ${attempts}` });
  return words;
}

function callWords(index: FlowIndex, node: OutlineNode): Word[] {
  const caller = (index.hopsTo.get(node.id) ?? []).find((hop) => hop.kind === "call")?.from;
  const from = caller === undefined ? undefined : index.nodes.get(caller);
  const route = entryName(index, node);
  const name: Word[] = [{ strong: node.name }];
  if (node.service !== node.name) name.push(` on ${node.service}`);
  if (route !== "") name.push(" answered ", { strong: route }, "; it");
  return from ? [{ strong: from.name }, " called ", ...name, ", which"] : name;
}

function coldWords(node: OutlineNode): Word[] {
  if (node.initMs === undefined) return [" started cold and"];
  return [" started cold (", { strong: formatDuration(node.initMs) }, ") and"];
}

function outcomeWords(node: OutlineNode, failed: boolean): Word[] {
  const duration: Word = { strong: formatDuration(node.durationMs) };
  if (node.timedOut === true) return [" timed out after ", duration];
  return failed ? [" failed after ", duration] : [" ran ", duration];
}

function fanOutLine(index: FlowIndex, node: OutlineNode): StoryLine[] {
  const targets = (index.hopsFrom.get(node.id) ?? []).filter((hop) => hop.kind === "deliver");
  if (targets.length === 0) return [];
  const names = [...new Set(targets.map((hop) => index.nodes.get(hop.to)?.name ?? hop.to))];
  const atMs = Math.min(...targets.map((hop) => flowTime(index.flow, hop.sentTime ?? node.startTime)));
  return [
    {
      id: node.id,
      atMs,
      tone: "plain",
      words: [{ strong: node.name }, ` passed the message on to ${listWords(names)}`],
      nodeId: node.id,
    },
  ];
}

function moveLine(index: FlowIndex, hop: Hop): StoryLine[] {
  const from = index.nodes.get(hop.from);
  const to = index.nodes.get(hop.to);
  if (!from || !to || (hop.kind !== "dead-letter" && hop.kind !== "redrive")) return [];
  const atMs = flowTime(index.flow, hop.sentTime ?? to.startTime);
  const id = `${hop.kind}:${hop.from}:${hop.to}:${hop.messageId ?? ""}`;
  if (hop.kind === "redrive") {
    const words: Word[] = ["Sent back from ", { strong: from.name }, " to ", { strong: to.name }];
    return [{ id, atMs, tone: "warn", words, nodeId: to.id }];
  }
  const tried = attemptsBeforeDeadLetter(index, hop).length;
  const why = tried > 0 ? ` after ${plural(tried, "failed attempt")}` : "";
  const words: Word[] = ["Moved to dead-letter queue ", { strong: to.name }, why];
  return [{ id, atMs, tone: "error", words, nodeId: to.id }];
}

const sameMessage = (a: Delivery, b: Delivery): boolean =>
  a.hop.from === b.hop.from && a.hop.messageId === b.hop.messageId && a.target.name === b.target.name;

const errorName = (node: OutlineNode): string => node.error?.type || node.error?.message || "no reason recorded";
