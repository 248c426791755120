import type { Attributes, Context, Span, SpanContext } from "@opentelemetry/api";
import { ORIGIN_TRACE_ID, SERVICE_NAME, SERVICE_PEER_NAME, TRACESTATE_KEY } from "@hopscope/schema/attributes";
import { formatBaggage, withBaggage } from "./baggage.ts";
import type { Config } from "./config.ts";
import { BAGGAGE_KEY, withSpan } from "./context.ts";
import { PassingSpan } from "./span.ts";
import { formatTraceParent, isValidContext, type RemoteContext } from "./trace-parent.ts";
import { MemberState } from "./trace-state.ts";

/** What a message or request carries. */
export interface Carried {
  readonly traceparent: string;
  readonly tracestate: string;
  /** What the user's code put beside the trace, where it did. */
  readonly baggage?: string | undefined;
  /** The X-Ray form of the same, for places that take nothing else. */
  readonly span: Span;
}

/** The headers, or message attributes, that carry it: the first that has no room ends the list. */
export const CARRIED = ["traceparent", "tracestate", "baggage"] as const;

/** Characters of the service's name in `tracestate`: the specification allows 256 for a whole value. */
const SERVICE_CHARS_MAX = 96;
/** How far ahead of ours a sender's clock is believed to be, milliseconds. */
const CLOCK_AHEAD_MAX_MS = 86_400_000;

/**
 * The W3C headers of `span`. `tracestate` gets a member `hs`, `p:<span id>;t:<sent, base 36 ms>;s:<service,
 * URI-encoded>;o:<trace id of the flow's origin, where that is another>`, so that the receiver knows the sender and
 * the time without a join. With the baggage of `active`. Undefined for a span without valid ids.
 */
export function carry(span: Span, config: Config, active?: Context, sentMs = Date.now()): Carried | undefined {
  const context = span.spanContext();
  if (!isValidContext(context)) return undefined;
  const service = encodeName(config.resource[SERVICE_NAME] ?? process.env.AWS_LAMBDA_FUNCTION_NAME);
  const origin = namedOrigin(context);
  const own = `p:${context.spanId};t:${sentMs.toString(36)}${service && `;s:${service}`}${origin ? `;o:${origin}` : ""}`;
  const state = (context.traceState ?? new MemberState([])).set(TRACESTATE_KEY, own);
  const baggage = active?.getValue(BAGGAGE_KEY) ? formatBaggage(active) : undefined;
  return { traceparent: formatTraceParent(context), tracestate: state.serialize(), baggage, span };
}

/** `context` in which the remote `parent` is active, with the baggage that came with it. */
export function continued(context: Context, parent: RemoteContext): Context {
  const next = withSpan(context, new PassingSpan(parent));
  return parent.baggage ? withBaggage(next, parent.baggage) : next;
}

/** As many whole characters of a name as have room. */
function encodeName(name: unknown): string {
  if (typeof name !== "string") return "";
  let text = "";
  // Halves of surrogate pairs have no encoding. `\p{Cs}` takes V8 half a millisecond, where it is only read.
  for (const character of name.replace(/[\ud800-\udfff]/gu, "")) {
    const next = text + encodeURIComponent(character);
    if (next.length > SERVICE_CHARS_MAX) break;
    text = next;
  }
  return text;
}

/** The parts of our member of a `tracestate`, by their letters. */
function membersOf({ traceState }: SpanContext): Readonly<Record<string, string>> {
  const parts = traceState?.get(TRACESTATE_KEY)?.split(";") ?? [];
  return Object.fromEntries(parts.map((part): [string, string] => [part.slice(0, 1), part.slice(2)]));
}

/** Trace in which the flow of `context` began, as far as that is said: its own trace otherwise. */
export function originOf(context: SpanContext): string {
  return namedOrigin(context) ?? context.traceId;
}

function namedOrigin(context: SpanContext): string | undefined {
  const { o = "" } = membersOf(context);
  return /^[0-9a-f]{32}$/.test(o) ? o : undefined;
}

/** The `tracestate` of a trace that is started within a flow that began in another. */
export function stateOfOrigin(traceId: string): MemberState {
  return new MemberState([[TRACESTATE_KEY, `o:${traceId}`]]);
}

/**
 * What the sender says of itself, as attributes of the receiver: service, time (as `sentName`), the flow's origin.
 * Service and time count only if the span that wrote them is the parent: a tracer between may have handed on a
 * `tracestate` that it does not know.
 */
export function describeSender(context: SpanContext, sentName: string): Attributes {
  const { p, t = "", s = "" } = membersOf(context);
  const origin = namedOrigin(context);
  const attributes: Attributes = origin ? { [ORIGIN_TRACE_ID]: origin } : {};
  if (p !== context.spanId) return attributes;
  const sentMs = Number.parseInt(t, 36);
  if (sentMs > 0 && sentMs < Date.now() + CLOCK_AHEAD_MAX_MS) attributes[sentName] = sentMs;
  try {
    if (s) attributes[SERVICE_PEER_NAME] = decodeURIComponent(s);
  } catch {
    // Not of our making.
  }
  return attributes;
}
