/** How far one flow is followed. Past a bound the flow says which one cut it. */

/** Spans of one flow: a fan-out of 10,000 messages with a few spans each, about 100 MB as objects. */
export const FLOW_SPANS_MAX = 50_000;
/** Traces of one flow: each is one more look-up by id. */
export const FLOW_TRACES_MAX = 12_000;
/** Rounds of asking the store: one for each hop that starts a new trace. Ends cycles. */
export const FLOW_ROUNDS_MAX = 40;
/** Keys asked for in one round; what is over goes into the next. */
export const FLOW_KEYS_PER_ROUND_MAX = 10_000;
/** Span ids that nodes of one flow repeat for batches: ten for each span of the largest one, about 10 MB of text. */
export const SHARED_SPAN_IDS_MAX = 500_000;
