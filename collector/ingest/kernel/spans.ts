/**
 * Spans into the block, as far as they have what nearly all have. Where a field is of another kind, damaged, or not for
 * the kernel, it stops there: JavaScript writes that field, and calls {@link putFields} again behind it.
 */
import { putAttribute } from "./attributes";
import {
  durationNs,
  flags,
  kind,
  spanIds,
  spanName,
  startTime,
  statusCode,
  statusMessage,
  traceId,
} from "./block";
import { Scalar, setString } from "./columns";
import { lookup } from "./dictionary";
import { request } from "./request";
import {
  BOTH_IDS,
  HAS_EVENTS_OR_LINKS,
  HAS_SPAN_ID,
  HAS_TRACE_ID,
  startSpan,
  state,
} from "./span-state";
import { sizeAt, varintEnd } from "./varint";

/** Why {@link putSpans} stopped: STOPS in span-kernel.ts. */
const STOP_END: u32 = 0;
const STOP_IN_SPAN: u32 = 1;
const STOP_OTHER_FIELD: u32 = 2;
const STOP_FULL: u32 = 3;

const TAG_SPAN: u8 = 0x12;
const TAG_ATTRIBUTE: u8 = 0x4a;
const MIX: u32 = 0x9e37_79b1;
const MIX_2: u32 = 0x85eb_ca6b;

/**
 * Writes the spans that stand one behind another in the ScopeSpans from `at` to `end`, as rows from `row` to before
 * `rowsMax`; where and why it stopped is in the state.
 */
export function putSpans(at: u32, end: u32, row: u32, rowsMax: u32): u32 {
  const base = request.data;
  const last = base + end;
  let next = base + at;
  state.row = row;
  state.position = at;
  while (next < last) {
    if (load<u8>(next) != TAG_SPAN) return STOP_OTHER_FIELD;
    if (state.row == rowsMax) return STOP_FULL;
    const size = sizeAt(next + 1, last);
    const span = varintEnd;
    if (span == 0) return STOP_OTHER_FIELD;
    next = span + size;
    startSpan(<u32>(span - base), <u32>(next - base));
    if (!putFields(state.row) || !endPlainSpan(state.row)) return STOP_IN_SPAN;
    mixIds(state.row);
    state.row++;
    state.position = <u32>(next - base);
  }
  return STOP_END;
}

/** Writes the span's fields from its position on; false where one of them is for JavaScript, at the position then. */
export function putFields(row: u32): bool {
  const end = request.data + state.end;
  let at = request.data + state.position;
  while (at < end) {
    const next = load<u8>(at) == TAG_ATTRIBUTE ? putAttributeField(at, end, row) : putField(at, end, row);
    if (next == 0) {
      state.position = <u32>(at - request.data);
      return false;
    }
    at = next;
  }
  state.position = state.end;
  return true;
}

// @ts-ignore: a decorator on a function
@inline
function putAttributeField(at: usize, end: usize, row: u32): usize {
  const size = sizeAt(at + 1, end);
  const from = varintEnd;
  return from != 0 && putAttribute(from, from + size, row) ? from + size : 0;
}

/** Writes one field that is no attribute; where the next one is, or 0. */
function putField(at: usize, end: usize, row: u32): usize {
  const tag = load<u8>(at);
  switch (tag) {
    case 0x0a:
      return putTraceId(at, end, row);
    case 0x12:
      return putSpanId(at, end, row);
    case 0x22: {
      if (at + 10 > end || load<u8>(at + 1) != 8) return 0;
      store<u64>(spanIds.values + (row << 4) + 8, load<u64>(at + 2));
      return at + 10;
    }
    case 0x2a: {
      const size = sizeAt(at + 1, end);
      const text = varintEnd;
      if (text == 0) return 0;
      const index = lookup(spanName.dictionary, text, size);
      if (index < 0) return 0;
      store<u32>(spanName.indexes + (row << 2), index);
      return text + size;
    }
    case 0x30:
      return putSmall(kind, at + 1, end, row);
    case 0x39:
      if (at + 9 > end) return 0;
      state.startTime = load<u64>(at + 1);
      return at + 9;
    case 0x41:
      if (at + 9 > end) return 0;
      state.endTime = load<u64>(at + 1);
      return at + 9;
    case 0x7a:
      return putStatus(at, end, row);
    default:
      return putRareField(tag, at, end, row);
  }
}

// @ts-ignore: a decorator on a function
@inline
function putTraceId(at: usize, end: usize, row: u32): usize {
  const id = v128.load(at + 2);
  if (at + 18 > end || load<u8>(at + 1) != 16 || !v128.any_true(id)) return 0;
  v128.store(traceId.values + (row << 4), id);
  state.has |= HAS_TRACE_ID;
  return at + 18;
}

// @ts-ignore: a decorator on a function
@inline
function putSpanId(at: usize, end: usize, row: u32): usize {
  const id = load<u64>(at + 2);
  if (at + 10 > end || load<u8>(at + 1) != 8 || id == 0) return 0;
  store<u64>(spanIds.values + (row << 4), id);
  state.has |= HAS_SPAN_ID;
  return at + 10;
}

/** An enum of one byte. */
function putSmall(column: Scalar, at: usize, end: usize, row: u32): usize {
  const value = load<u8>(at);
  if (at >= end || value >= 0x80) return 0;
  store<u8>(column.values + row, value);
  if (value != 0) column.used = 1;
  return at + 1;
}

function putRareField(tag: u8, at: usize, end: usize, row: u32): usize {
  switch (tag) {
    // Events and links, which JavaScript writes once the span's attributes are known.
    case 0x5a:
    case 0x6a: {
      const size = sizeAt(at + 1, end);
      if (varintEnd == 0) return 0;
      state.has |= HAS_EVENTS_OR_LINKS;
      return varintEnd + size;
    }
    // What was dropped: nearly always nothing, which some encoders say.
    case 0x50:
      state.droppedAttributes = load<u8>(at + 1);
      return at + 1 < end && state.droppedAttributes < 0x80 ? at + 2 : 0;
    case 0x60:
      state.droppedEvents = load<u8>(at + 1);
      return at + 1 < end && state.droppedEvents < 0x80 ? at + 2 : 0;
    case 0x70:
      state.droppedLinks = load<u8>(at + 1);
      return at + 1 < end && state.droppedLinks < 0x80 ? at + 2 : 0;
    // The first byte of the tag of field 16.
    case 0x85: {
      if (at + 6 > end || load<u8>(at + 1) != 0x01) return 0;
      const value = load<u32>(at + 2);
      store<u32>(flags.values + (row << 2), value);
      if (value != 0) flags.used = 1;
      return at + 6;
    }
    default:
      return 0;
  }
}

function putStatus(at: usize, end: usize, row: u32): usize {
  const size = sizeAt(at + 1, end);
  let next = varintEnd;
  if (next == 0) return 0;
  const last = next + size;
  while (next < last) {
    const tag = load<u8>(next);
    if (tag == 0x12) {
      const textSize = sizeAt(next + 1, last);
      const text = varintEnd;
      if (text == 0) return 0;
      if (textSize > 0 && statusMessage.rows <= row && !setString(statusMessage, row, text, textSize)) return 0;
      next = text + textSize;
    } else if (tag == 0x18) {
      next = putSmall(statusCode, next + 1, last, row);
      if (next == 0) return 0;
    } else return 0;
  }
  return last;
}

/** Ends a span of which there is no more to say than what is in its columns; false where there is. */
// @ts-ignore: a decorator on a function
@inline
function endPlainSpan(row: u32): bool {
  const start = state.startTime;
  const end = state.endTime;
  if (state.has != BOTH_IDS) return false;
  if ((state.droppedAttributes | state.droppedEvents | state.droppedLinks) != 0) return false;
  // The store makes the message's key of the columns for system and id, where both are there.
  if (state.idEnd > state.idStart && (state.systemEnd == state.systemStart || state.besideColumns != 0)) return false;
  const believed = <f64>start;
  if (believed < state.earliest || believed > state.latest || end < start) return false;
  store<u64>(startTime.values + (row << 3), start);
  store<u64>(durationNs.values + (row << 3), end - start);
  durationNs.used = 1;
  return true;
}

/** Mixes the row's ids into what tells requests apart. */
export function mixIds(row: u32): void {
  const span = spanIds.values + (row << 4);
  const trace = load<u32>(traceId.values + (row << 4) + 8);
  state.idMix = (state.idMix ^ load<u32>(span) ^ trace) * MIX + 1;
  state.idMix2 = (state.idMix2 ^ load<u32>(span + 4)) * MIX_2 + trace;
}
