/** A flow in one line of a list. */
import type { FlowSummary } from "../../schema/api.ts";
import type { BuiltFlow } from "../flow/build-flow.ts";

/** What the list shows of the whole flow. */
export function summarize({ flow, spans, originSpanId }: BuiltFlow): FlowSummary {
  const code = flow.nodes.filter(({ spanIds }) => spanIds.length > 0);
  const error = code.findLast(({ error: cause }) => cause !== undefined)?.error;
  return {
    id: flow.id,
    name: flow.name,
    service: spans.find(({ traceId, spanId }) => spanId === originSpanId && traceId === flow.id)?.service ?? "",
    startTime: flow.startTime,
    durationMs: flow.durationMs,
    status: flow.status,
    ...(error && { error }),
    services: [...new Set(code.map(({ service }) => service))].sort(),
    stats: flow.stats,
  };
}
