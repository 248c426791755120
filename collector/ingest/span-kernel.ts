/**
 * The part of the transcoder that walks every span: WebAssembly, out of the sources in kernel/, with the columns that
 * it fills in its own memory. What is rare stays here in TypeScript, and writes to the same columns.
 */
import { isUtf8 } from "node:buffer";
import type { Place } from "./kernel-instance.ts";
import { KernelMemory } from "./kernel-memory.ts";
import { blockRowsMax, keyTableMax } from "./limits.ts";

/** Fields of the struct of kernel/span-state.ts, by their order as numbers of 32 bits. */
const SPAN_STATE = {
  startLow: 0,
  startHigh: 1,
  endLow: 2,
  endHigh: 3,
  /** The two that are doubles. */
  earliest: 4,
  latest: 6,
  start: 8,
  end: 9,
  position: 10,
  row: 11,
  has: 12,
  droppedAttributes: 13,
  droppedEvents: 14,
  droppedLinks: 15,
  lastKey: 16,
  systemStart: 17,
  systemEnd: 18,
  idStart: 19,
  idEnd: 20,
  besideColumns: 21,
  idMix: 22,
  idMix2: 23,
} as const;

type StateField = keyof typeof SPAN_STATE;

/** Why `putSpans` stopped. */
export const STOPS = { end: 0, inSpan: 1, otherField: 2, full: 3 } as const;

/** A text as it is stored. */
export interface StoredText {
  readonly at: Place;
  readonly size: number;
  /** Whether it came as UTF-8, and so is what came. */
  readonly asItCame: boolean;
}

/** One block's columns and the code that fills them. */
export class SpanKernel extends KernelMemory {
  constructor() {
    super();
    // Twice what is remembered, as it is between two requests that it is looked whether that is too much.
    this.exports.makeBlock(blockRowsMax, keyTableMax * 2);
  }

  state(field: StateField): number {
    return this.field(this.exports.state.value, SPAN_STATE[field]);
  }

  setState(field: StateField, value: number): void {
    this.setField(this.exports.state.value, SPAN_STATE[field], value);
  }

  /** Starts with the request's spans, which are believed if they start between two instants, ns. */
  startRequest(earliest: number, latest: number): void {
    const doubles = new Float64Array(this.exports.memory.buffer, this.exports.state.value);
    doubles[SPAN_STATE.earliest / 2] = earliest;
    doubles[SPAN_STATE.latest / 2] = latest;
    this.setState("idMix", 0);
    this.setState("idMix2", 0);
  }

  /**
   * The text in the request from `start` to before `end` as it is stored: bytes that are not UTF-8 become U+FFFD, as a
   * text that readers cannot decode helps nobody.
   */
  stored(start: number, end: number): StoredText {
    const at = this.request + start;
    const text = this.bytes.subarray(at, this.request + end);
    if (isUtf8(text)) return { at, size: end - start, asItCame: true };
    const repaired = Buffer.from(Buffer.from(text.buffer, text.byteOffset, text.length).toString("utf8"));
    return { at: this.scratch(repaired), size: repaired.length, asItCame: false };
  }

  /** The number of a string in a dictionary, to which it is added where it is new. */
  lookup(dictionary: Place, start: number, end: number): number {
    const text = this.request + start;
    const known = this.exports.lookup(dictionary, text, end - start);
    if (known >= 0) return known;
    const { at, size } = this.stored(start, end);
    return this.exports.addEntry(dictionary, text, end - start, at, size);
  }
}
