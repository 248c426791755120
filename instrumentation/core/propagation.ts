import type { Span } from "@opentelemetry/api";
import { SERVICE_NAME, TRACESTATE_KEY } from "@hopscope/schema/attributes";
import type { Config } from "./config.ts";
import { formatTraceParent, isValidContext } from "./trace-parent.ts";
import { MemberState } from "./trace-state.ts";

/** What a message or request carries. */
export interface Carried {
  readonly traceparent: string;
  readonly tracestate: string;
  /** The X-Ray form of the same, for places that take nothing else. */
  readonly span: Span;
}

/** Characters of the service's name in `tracestate`: the specification allows 256 for a whole value. */
const SERVICE_CHARS_MAX = 96;

/**
 * The W3C headers of `span`. `tracestate` gets a member `hs`, `t:<sent, base 36 ms>;s:<service, URI-encoded>`,
 * so that the receiver knows the sender and the time without a join. Undefined for a span without valid ids.
 */
export function carry(span: Span, config: Config, sentMs: number): Carried | undefined {
  const context = span.spanContext();
  if (!isValidContext(context)) return undefined;
  const service = config.resource[SERVICE_NAME] ?? process.env.AWS_LAMBDA_FUNCTION_NAME;
  const name = typeof service === "string" ? `;s:${encodeURIComponent(service).slice(0, SERVICE_CHARS_MAX)}` : "";
  const state = (context.traceState ?? new MemberState([])).set(TRACESTATE_KEY, `t:${sentMs.toString(36)}${name}`);
  return { traceparent: formatTraceParent(context), tracestate: state.serialize(), span };
}
