/** What is known of the span at hand; JavaScript reads and writes it by SPAN_STATE in span-kernel.ts. */
import { make } from "./memory";

export const HAS_TRACE_ID: u32 = 1;
export const HAS_SPAN_ID: u32 = 2;
export const HAS_EVENTS_OR_LINKS: u32 = 4;
export const BOTH_IDS: u32 = HAS_TRACE_ID | HAS_SPAN_ID;

/** Places are offsets in the request. */
@unmanaged
class SpanState {
  startTime: u64;
  endTime: u64;
  /** Between which a start time is believed, ns; of the request. */
  earliest: f64;
  latest: f64;
  /** The span's message, and where the kernel stopped in it. */
  start: u32;
  end: u32;
  position: u32;
  row: u32;
  /** The fields that it had. */
  has: u32;
  droppedAttributes: u32;
  droppedEvents: u32;
  droppedLinks: u32;
  /** The key before, by its number; 0 at the start. */
  lastKey: u32;
  /** What names a message; both the same where nothing does. */
  systemStart: u32;
  systemEnd: u32;
  idStart: u32;
  idEnd: u32;
  /** Whether a system or an id is not in the column for it. */
  besideColumns: u32;
  /** Mixed out of the ids of the request's spans. */
  idMix: u32;
  idMix2: u32;
}

export const state = make<SpanState>();

/** Starts a span. */
// @ts-ignore: a decorator on a function
@inline
export function startSpan(start: u32, end: u32): void {
  state.startTime = 0;
  state.endTime = 0;
  state.start = start;
  state.end = end;
  state.position = start;
  state.has = 0;
  state.droppedAttributes = 0;
  state.droppedEvents = 0;
  state.droppedLinks = 0;
  state.lastKey = 0;
  state.systemStart = 0;
  state.systemEnd = 0;
  state.idStart = 0;
  state.idEnd = 0;
  state.besideColumns = 0;
}
