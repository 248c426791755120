/**
 * A flow as its view draws it: `GET /api/flows/{traceId}/outline`. Spans are columns and texts are told once, because
 * ten thousand spans as objects, with attributes that nobody looks at yet, are megabytes to parse. What else a span
 * says is asked for when it is looked at: `GET /api/spans/{traceId}/{spanId}`.
 */
import { z } from "zod";
import { MESSAGE_KEYS, MESSAGING_DESTINATION_NAME, MESSAGING_MESSAGE_ID } from "./attributes.ts";
import { flowNodeSchema, flowSchema, type Attributes, type FlowResponse, type Span } from "./flow.ts";

const position = z.number().int().nonnegative();

/** Columns of equal length, a span in each place, by start. Positions of texts and spans count from 0. */
export const spanColumnsSchema = z.object({
  /** Every text that the columns refer to. */
  texts: z.array(z.string()),
  /** Span ids one after another, 16 digits each. */
  ids: z.string().regex(/^(?:[0-9a-f]{16})*$/),
  /** Spans whose id one before them has: of another trace, or of a caller that shares its id. */
  repeated: z.array(position).optional(),
  /** Positions of texts. */
  traceId: z.array(position),
  name: z.array(position),
  service: z.array(position),
  kind: z.array(position),
  /** Positions of the parents; -1 for a span whose parent is not among them. */
  parent: z.array(z.number().int().min(-1)),
  /** Milliseconds since the flow's start, exact to the nanosecond. */
  startMs: z.array(z.number()),
  durationMs: z.array(z.number()),
  /** The spans that failed, and why; '' where they do not say. */
  failed: z.array(z.object({ span: position, message: z.string() })),
  /** What spans say of the messages that they sent. */
  sent: z.array(z.object({ span: position, destination: z.string().optional(), messageIds: z.array(z.string()) })),
  /** Span ids that spans link to. */
  links: z.array(z.object({ span: position, to: z.array(z.string()) })),
});
export type SpanColumns = z.infer<typeof spanColumnsSchema>;

/** Positions of its spans, the entry span first, in place of their ids. */
export const outlineNodeSchema = flowNodeSchema
  .omit({ spanIds: true, spanPositions: true })
  .extend({ spans: z.array(position) });
export type OutlineNode = z.infer<typeof outlineNodeSchema>;

/** The flow with positions of spans in place of their ids, and the spans in columns. */
export const flowOutlineSchema = z.object({
  flow: flowSchema.extend({ nodes: z.array(outlineNodeSchema) }),
  spans: spanColumnsSchema,
});
export type FlowOutline = z.infer<typeof flowOutlineSchema>;

/** Which clocks a flow is told by: corrected where two hosts contradict each other, or as the spans were sent. */
export const flowOutlineQuerySchema = z.strictObject({
  clocks: z
    .enum(["aligned", "as-sent"])
    .default("aligned")
    .describe("`as-sent`: clocks that contradict each other are left as they are."),
});

/** Returns the outline of a flow. */
export function outlineOf({ flow, spans }: { flow: FlowResponse["flow"]; spans: readonly Span[] }): FlowOutline {
  const ordered = spans.toSorted((a, b) => (a.startTime < b.startTime ? -1 : a.startTime > b.startTime ? 1 : 0));
  const places = placesOf(ordered);
  const positionOf = new Map(places.repeated.size === 0 ? [] : ordered.map((span, at) => [span, at]));
  const nodes = flow.nodes.map(({ spanIds, spanPositions, ...node }) => {
    if (!spanPositions) return { ...node, spans: spanIds.flatMap((spanId) => places.byId.get(spanId) ?? []) };
    return { ...node, spans: spanPositions.flatMap((at) => positionOf.get(spans[at] as Span) ?? []) };
  });
  return { flow: { ...flow, nodes }, spans: columnsOf(ordered, places, flow.startTime) };
}

/** Where spans stand, by their ids. */
interface Places {
  /** Of the first with an id. */
  readonly byId: ReadonlyMap<string, number>;
  /** Of all that have an id which others have, too. */
  readonly repeated: ReadonlyMap<string, readonly number[]>;
  /** Of these the first two of each trace, and of each trace and service: one of two is not the span that asks. */
  readonly firstTwo: ReadonlyMap<string, readonly number[]>;
}

function placesOf(spans: readonly Span[]): Places {
  const byId = new Map<string, number>();
  const repeated = new Map<string, number[]>();
  for (const [at, { spanId }] of spans.entries()) {
    const first = byId.get(spanId);
    const known = repeated.get(spanId);
    if (first === undefined) byId.set(spanId, at);
    else if (known) known.push(at);
    else repeated.set(spanId, [first, at]);
  }
  const firstTwo = new Map<string, number[]>();
  for (const [spanId, places] of repeated) {
    for (const at of places) for (const key of placeKeys(spanId, spans[at] as Span)) addOfTwo(firstTwo, key, at);
  }
  return { byId, repeated, firstTwo };
}

function placeKeys(spanId: string, { traceId, service }: Span): readonly [string, string] {
  return [`${spanId} ${traceId} ${service}`, spanId + traceId];
}

function addOfTwo(firstTwo: Map<string, number[]>, key: string, at: number): void {
  const known = firstTwo.get(key);
  if (known === undefined) firstTwo.set(key, [at]);
  else if (known.length < 2) known.push(at);
}

/** Where the parent of a span stands; -1 where it is not there. */
function parentAt(spans: readonly Span[], { byId, repeated, firstTwo }: Places, at: number): number {
  const child = spans[at] as Span;
  const { parentSpanId = "" } = child;
  if (!repeated.has(parentSpanId)) return byId.get(parentSpanId) ?? -1;
  const likely = placeKeys(parentSpanId, child).flatMap((key) => firstTwo.get(key) ?? []);
  return likely.find((place) => place !== at) ?? -1;
}

function columnsOf(spans: readonly Span[], places: Places, startTime: string): SpanColumns {
  const texts = new Map<string, number>();
  const textAt = (text: string): number => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, texts.size);
    return known ?? texts.size - 1;
  };
  const startNs = nanos(startTime);
  const columns: Omit<SpanColumns, "texts"> = {
    ids: spans.map(({ spanId }) => spanId).join(""),
    ...(places.repeated.size > 0 && { repeated: [...places.repeated.values()].flatMap(([, ...others]) => others) }),
    traceId: spans.map(({ traceId }) => textAt(traceId)),
    name: spans.map(({ name }) => textAt(name)),
    service: spans.map(({ service }) => textAt(service)),
    kind: spans.map(({ kind }) => textAt(kind)),
    parent: spans.map((_, at) => parentAt(spans, places, at)),
    startMs: spans.map((span) => Number(nanos(span.startTime) - startNs) / 1e6),
    durationMs: spans.map(({ durationMs }) => durationMs),
    failed: spans.flatMap((span, at) => (span.status === "error" ? [{ span: at, message: reasonOf(span) }] : [])),
    sent: spans.flatMap(({ kind, attributes }, at) => {
      const said = kind === "producer" || kind === "client" ? sentOf(attributes) : undefined;
      return said ? [{ span: at, ...said }] : [];
    }),
    links: spans.flatMap(({ links }, at) =>
      links.length > 0 ? [{ span: at, to: links.map(({ spanId }) => spanId) }] : [],
    ),
  };
  return { texts: [...texts.keys()], ...columns };
}

function reasonOf({ statusMessage, attributes }: Span): string {
  const type = attributes["error.type"];
  return statusMessage || (typeof type === "string" ? type : "");
}

function sentOf(attributes: Attributes): Omit<SpanColumns["sent"][number], "span"> | undefined {
  const destination = attributes[MESSAGING_DESTINATION_NAME];
  const own = attributes[MESSAGING_MESSAGE_ID];
  const keys = attributes[MESSAGE_KEYS];
  const messageIds = new Set(typeof own === "string" ? [own] : []);
  for (const key of Array.isArray(keys) ? keys : []) {
    // `<system>:<id>`, and an id may hold colons of its own.
    if (typeof key === "string") messageIds.add(key.slice(key.indexOf(":") + 1));
  }
  if (typeof destination !== "string" && messageIds.size === 0) return undefined;
  return { ...(typeof destination === "string" && { destination }), messageIds: [...messageIds] };
}

/** Nanoseconds since the epoch of an instant with nine fractional digits. */
function nanos(instant: string): bigint {
  return BigInt(Date.parse(`${instant.slice(0, 23)}Z`)) * 1_000_000n + BigInt(instant.slice(23, 29));
}
