/** Units as nodes of a flow: invocations and requests. */
import * as names from "../../schema/attributes.ts";
import type { FlowNode, Span } from "../../schema/flow.ts";
import { isTrue, number, text } from "./attribute-readers.ts";
import { consumerName, hasFailed, type Delivery } from "./delivery.ts";
import { endMs } from "./span-order.ts";
import { fromMs, toMs } from "./instant.ts";
import { isInvocation } from "./message.ts";
import type { RepeatedIds } from "./node-ids.ts";
import type { Run } from "./repeated-runs.ts";
import type { Unit } from "./unit.ts";

/** A unit, and what only the flow knows of it. */
export interface UnitInFlow {
  /** Of its node. */
  readonly id: string;
  readonly unit: Unit;
  readonly deliveries: readonly Delivery[];
  /** The invocation's own spans, where this is one record's part of it. */
  readonly hostSpans: readonly Span[];
  /** Where the platform ran it several times without a message. */
  readonly run: Run | undefined;
  /** What its clock was moved by, milliseconds. */
  readonly clockSkewMs: number | undefined;
  /** Where the flow has spans with one id. */
  readonly repeatedIds: RepeatedIds | undefined;
}

/** The node of one unit. */
export function codeNode({ id, unit, deliveries, hostSpans, run, clockSkewMs, repeatedIds }: UnitInFlow): FlowNode {
  const { entry } = unit;
  const hostEntry = unit.host?.entry ?? entry;
  const { startTime, durationMs } = extent(unit);
  const spans = hostSpans.length === 0 ? unit.spans : [...unit.spans, ...hostSpans];
  const failed = hasFailed(entry) || deliveries.some((delivery) => delivery.failed);
  const error = failed ? errorOf(unit) : undefined;
  const isCold = [entry, hostEntry].some(({ attributes }) => isColdStart(attributes));
  const initMs =
    number(hostEntry.attributes, names.INIT_DURATION_MS) ?? number(entry.attributes, names.INIT_DURATION_MS);
  const attempt = deliveries.length === 1 ? deliveries[0] : run;
  const node: FlowNode = {
    id,
    kind: kindOf(entry),
    name: nameOf(entry),
    service: entry.service,
    status: failed ? "error" : entry.status,
    startTime,
    durationMs,
    spanIds: spans.map(({ spanId }) => spanId),
  };
  // Not spread into the literal: an object made in one step takes a tenth of the time.
  if (error) node.error = error;
  if (isCold) node.coldStart = true;
  if (isCold && initMs !== undefined) node.initMs = initMs;
  if (isTrue(hostEntry.attributes, names.TIMED_OUT)) node.timedOut = true;
  if (attempt) node.attempt = attempt.attempt;
  if (attempt && attempt.attempts > 1) node.attempts = attempt.attempts;
  const batch = batchOf(unit);
  if (batch) node.batch = batch;
  if (clockSkewMs !== undefined) node.clockSkewMs = clockSkewMs;
  if (repeatedIds && spans.some(({ spanId }) => repeatedIds.ids.has(spanId))) {
    node.spanPositions = spans.map((span) => repeatedIds.positions.get(span) ?? 0);
  }
  return node;
}

function kindOf(entry: Span): FlowNode["kind"] {
  if (entry.kind === "consumer") return "invocation";
  return isFunction(entry) ? "invocation" : "request";
}

function isFunction(entry: Span): boolean {
  return isInvocation(entry) || text(entry.resource, names.FAAS_NAME) !== undefined;
}

function nameOf(entry: Span): string {
  return kindOf(entry) === "invocation" ? consumerName(entry) : entry.name;
}

/** Provisioned concurrency and snapshots start before anyone waits. */
function isColdStart(attributes: Span["attributes"]): boolean {
  const initType = text(attributes, names.INIT_TYPE) ?? "on-demand";
  return isTrue(attributes, names.FAAS_COLDSTART) && initType === "on-demand";
}

function batchOf({ host, batchSize, entry }: Unit): FlowNode["batch"] {
  const size = Math.max(host?.batchSize ?? 1, batchSize);
  const { traceId, spanId } = host?.entry ?? entry;
  return size > 1 ? { size, traceId, spanId } : undefined;
}

/** A unit whose entry span is missing lasts as long as what is left of it. */
function extent({ id, entry, spans }: Unit): { startTime: string; durationMs: number } {
  if (id === entry.spanId) return { startTime: entry.startTime, durationMs: entry.durationMs };
  const startTime = spans.reduce((first, span) => (span.startTime < first ? span.startTime : first), entry.startTime);
  const endedMs = spans.reduce((last, span) => Math.max(last, endMs(span)), 0);
  return { startTime: fromMs(toMs(startTime)), durationMs: Math.max(0, endedMs - toMs(startTime)) };
}

/** Why it failed: the entry span's exception, else of the first span below that has one, else its status. */
function errorOf({ entry, spans, host }: Unit): { type: string; message: string } | undefined {
  for (const span of [entry, ...spans.filter(({ status }) => status === "error"), ...(host ? [host.entry] : [])]) {
    const exception = span.events.findLast(({ name }) => name === "exception")?.attributes;
    if (exception) {
      const type = text(exception, names.EXCEPTION_TYPE) ?? text(span.attributes, names.ERROR_TYPE) ?? "Error";
      return { type, message: text(exception, names.EXCEPTION_MESSAGE) ?? span.statusMessage };
    }
  }
  const isTimeout = isTrue((host?.entry ?? entry).attributes, names.TIMED_OUT);
  const type = text(entry.attributes, names.ERROR_TYPE) ?? (isTimeout ? "timeout" : undefined);
  const status = number(entry.attributes, names.HTTP_RESPONSE_STATUS_CODE);
  if (type === undefined && entry.statusMessage === "" && status === undefined) return undefined;
  return { type: type ?? (status === undefined ? "Error" : String(status)), message: entry.statusMessage };
}
