/** What a unit sent: its producer spans, with the identities that the transport gave back. */
import * as names from "../../schema/attributes.ts";
import type { Span } from "../../schema/flow.ts";
import { number } from "./attribute-readers.ts";
import { contentMd5s, destinationOf, messageKeys, operationOf, type Destination } from "./message.ts";
import { endMs } from "./span-order.ts";

/** One call that sent messages, whole batches included. */
export interface Send {
  /** The outermost span of the sending. */
  readonly span: Span;
  /** It, and what an SDK records beside it: `create` spans, one a message. */
  readonly spans: Span[];
  readonly keys: Set<string>;
  readonly destination: Destination | undefined;
  /** MD5s of the bodies of messages that carried no context. */
  readonly contents: Set<string>;
  /** Milliseconds since the epoch: the broker's word, else the end of the call. */
  readonly sentMs: number;
  /** Nothing was taken by the transport. */
  readonly failed: boolean;
}

const SENDING_OPERATIONS = new Set(["send", "create", "publish"]);

/** Whether the span sends messages, by its kind or, for SDKs that make it a client span, its operation. */
export function isSendSpan(span: Span): boolean {
  if (span.kind === "producer") return true;
  const operation = operationOf(span);
  return span.kind === "client" && operation !== undefined && SENDING_OPERATIONS.has(operation);
}

/** The sends among a unit's spans; a `create` inside or linked from a `send` is the same sending. */
export function sendsOf(spans: readonly Span[]): Send[] {
  const sending = spans.filter(isSendSpan);
  if (sending.length === 0) return [];
  const byId = new Map(sending.map((span) => [span.spanId, span]));
  const outermost = new Map<Span, Span>();
  for (const span of sending) {
    for (const link of span.links) {
      const created = byId.get(link.spanId);
      if (created && created !== span && created.traceId === link.traceId) outermost.set(created, span);
    }
    const parent = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
    if (parent) outermost.set(span, parent);
  }
  const sends = new Map<Span, Send>();
  const roots = rootsOf(sending, outermost);
  for (const span of sending) {
    const root = roots.get(span) ?? span;
    const send = sends.get(root) ?? newSend(root);
    sends.set(root, send);
    if (span !== root) {
      send.spans.push(span);
      for (const key of messageKeys(span.attributes)) send.keys.add(key);
      for (const md5 of contentMd5s(span.attributes)) send.contents.add(md5);
    }
  }
  return [...sends.values()];
}

/** The outermost span of each one's sending; of spans that name one another, the same one for all. */
function rootsOf(sending: readonly Span[], outermost: ReadonlyMap<Span, Span>): Map<Span, Span> {
  const roots = new Map<Span, Span>();
  for (const span of sending) {
    const path = new Set<Span>();
    let last = span;
    for (let at: Span | undefined = span; at && !path.has(at) && !roots.has(last); at = outermost.get(at)) {
      path.add(at);
      last = at;
    }
    const root = roots.get(last) ?? last;
    for (const passed of path) roots.set(passed, root);
  }
  return roots;
}

function newSend(span: Span): Send {
  const keys = new Set(messageKeys(span.attributes));
  return {
    span,
    spans: [span],
    keys,
    destination: destinationOf(span.attributes),
    contents: new Set(contentMd5s(span.attributes)),
    sentMs: number(span.attributes, names.MESSAGE_SENT_MS) ?? endMs(span),
    failed: span.status === "error" && keys.size === 0,
  };
}
