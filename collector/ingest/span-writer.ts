/**
 * One span after another into a block's columns. The kernel writes what nearly all spans have (kernel/spans.ts); this
 * half writes the fields at which it stops, whatever their form is, and ends the spans that have more to say.
 */
import type { AttributeWriter } from "./attribute-writer.ts";
import { EventLinkWriter } from "./event-link-writer.ts";
import { setSmall } from "./native-columns.ts";
import { skipUnknown, toNumber, type ProtobufReader } from "./protobuf.ts";
import type { SpanBlock } from "./span-block.ts";
import type { SpanKernel } from "./span-kernel.ts";
import { SpanRest } from "./span-rest.ts";
import type { TranscodeCounts } from "./transcode-counts.ts";

/** Instants between which a start time is believed, nanoseconds since the epoch (as far as a number holds them). */
export interface ClockWindow {
  readonly nowNs: bigint;
  readonly earliest: number;
  readonly latest: number;
}

/** A span that cannot be kept, with the reason; its neighbours can. */
export class SpanRejected extends Error {
  override readonly name = "SpanRejected";
}

const HAS_TRACE_ID = 1;
const HAS_SPAN_ID = 2;
const HAS_EVENTS_OR_LINKS = 4;
const BOTH_IDS = HAS_TRACE_ID | HAS_SPAN_ID;
/** Of a trace id, of a span id, and of what a row has of either column of ids: numbers of 32 bits. */
const TRACE_ID_WORDS = 4;
const SPAN_ID_WORDS = 2;
const IDS_WORDS = 4;

/** Writes spans into one block. */
export class SpanWriter {
  readonly #block: SpanBlock;
  readonly #kernel: SpanKernel;
  readonly #attributes: AttributeWriter;
  readonly #details: EventLinkWriter;
  readonly #counts: TranscodeCounts;
  readonly #rest = new SpanRest();
  #clock: ClockWindow = { nowNs: 0n, earliest: 0, latest: 0 };

  constructor(block: SpanBlock, attributes: AttributeWriter, counts: TranscodeCounts) {
    this.#block = block;
    this.#kernel = block.kernel;
    this.#attributes = attributes;
    this.#counts = counts;
    this.#details = new EventLinkWriter(block, attributes, counts);
  }

  /** Starts the next request. */
  startRequest(clock: ClockWindow): void {
    this.#clock = clock;
    this.#kernel.startRequest(clock.earliest, clock.latest);
  }

  /**
   * Writes the Span at the reader's position, which ends at `end`, as the block's next row.
   *
   * @throws SpanRejected where it cannot be kept, with half a row written
   */
  write(reader: ProtobufReader, end: number): void {
    this.#kernel.exports.startSpan(reader.position, end);
    this.resume(reader);
  }

  /** The same for the span in which the kernel stopped. */
  resume(reader: ProtobufReader): void {
    const block = this.#block;
    const row = block.rows;
    const attributes = this.#attributes;
    const rest = this.#rest;
    const end = this.#kernel.state("end");
    reader.end = end;
    attributes.startSpan();
    while (this.#kernel.exports.putFields(row) === 0) {
      reader.position = this.#kernel.state("position");
      this.#field(reader, row);
      this.#kernel.setState("position", reader.position);
    }
    const has = this.#kernel.state("has");
    if ((has & BOTH_IDS) !== BOTH_IDS) {
      throw new SpanRejected(has & HAS_TRACE_ID ? "span_id is missing" : "trace_id is missing");
    }
    attributes.endSpan();
    rest.read(this.#kernel);
    // After the attributes, whatever order they come in.
    if (has & HAS_EVENTS_OR_LINKS) {
      rest.droppedLinks += this.#details.write(reader, this.#kernel.state("start"), end, row);
    }
    attributes.deriveMessageKeys(reader.view, row);
    this.#times(row);
    rest.writeTo(block.rest, row);
    this.#kernel.exports.mixIds(row);
    block.rows = row + 1;
  }

  /** Writes the field at the reader's position; an event or a link is only noticed. */
  #field(reader: ProtobufReader, row: number): void {
    const block = this.#block;
    const tag = reader.varint32();
    switch (tag) {
      case 0x4a: {
        const end = reader.lengthEnd();
        this.#attributes.write(reader, end, row);
        reader.position = end;
        break;
      }
      case 0x0a:
        writeId(reader, block.traceId.values, row * IDS_WORDS, TRACE_ID_WORDS, "trace_id");
        this.#has(HAS_TRACE_ID);
        break;
      case 0x12:
        writeId(reader, block.spanIds.values, row * IDS_WORDS, SPAN_ID_WORDS, "span_id");
        this.#has(HAS_SPAN_ID);
        break;
      case 0x22:
        this.#parentId(reader, row);
        break;
      case 0x2a: {
        const end = reader.lengthEnd();
        block.spanName.set(row, reader.position, end);
        reader.position = end;
        break;
      }
      case 0x30:
        setSmall(block.kind, row, smallEnum(reader));
        break;
      case 0x39:
        reader.fixed64();
        this.#kernel.setState("startLow", reader.low);
        this.#kernel.setState("startHigh", reader.high);
        break;
      case 0x41:
        reader.fixed64();
        this.#kernel.setState("endLow", reader.low);
        this.#kernel.setState("endHigh", reader.high);
        break;
      case 0x5a:
      case 0x6a:
        this.#has(HAS_EVENTS_OR_LINKS);
        reader.position = reader.lengthEnd();
        break;
      default:
        this.#rareField(reader, tag, row);
    }
  }

  #has(field: number): void {
    this.#kernel.setState("has", this.#kernel.state("has") | field);
  }

  #rareField(reader: ProtobufReader, tag: number, row: number): void {
    const block = this.#block;
    switch (tag) {
      case 0x1a: {
        const stringEnd = reader.lengthEnd();
        if (stringEnd > reader.position && !block.traceState.has(row)) {
          if (!block.traceState.set(row, reader.view, reader.position, stringEnd)) this.#counts.repairedStrings += 1;
        }
        reader.position = stringEnd;
        break;
      }
      case 0x50:
        this.#kernel.setState("droppedAttributes", reader.varint32());
        break;
      case 0x60:
        this.#kernel.setState("droppedEvents", reader.varint32());
        break;
      case 0x70:
        this.#kernel.setState("droppedLinks", reader.varint32());
        break;
      case 0x85:
        setSmall(block.flags, row, reader.fixed32());
        break;
      case 0x7a:
        this.#status(reader, reader.lengthEnd(), row);
        break;
      default:
        skipUnknown(reader, tag, 16, "Span");
    }
  }

  #parentId(reader: ProtobufReader, row: number): void {
    const { values } = this.#block.spanIds;
    const end = reader.lengthEnd();
    const size = end - reader.position;
    if (size !== 0 && size !== 8) throw new SpanRejected(`parent_span_id has ${String(size)} bytes, not 8`);
    if (size === 8) {
      const at = row * IDS_WORDS + SPAN_ID_WORDS;
      values[at] = reader.view.getUint32(reader.position, true);
      values[at + 1] = reader.view.getUint32(reader.position + 4, true);
    }
    reader.position = end;
  }

  #status(reader: ProtobufReader, end: number, row: number): void {
    const block = this.#block;
    const outerEnd = reader.end;
    reader.end = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag === 0x12) {
        const stringEnd = reader.lengthEnd();
        if (stringEnd > reader.position && !block.statusMessage.has(row)) {
          if (!block.statusMessage.set(row, reader.position, stringEnd)) this.#counts.repairedStrings += 1;
        }
        reader.position = stringEnd;
      } else if (tag === 0x18) {
        setSmall(block.statusCode, row, smallEnum(reader));
      } else if (tag >>> 3 === 1) reader.skip(tag);
      else skipUnknown(reader, tag, 3, "Status");
    }
    reader.end = outerEnd;
  }

  /** Start time within the window, and duration, out of the clock values as they came. */
  #times(row: number): void {
    const { startTime, durationNs } = this.#block;
    const { startLow, startHigh, endLow, endHigh } = this.#rest;
    const low = row * 2;
    const start = toNumber(startLow, startHigh);
    if (start < this.#clock.earliest || start > this.#clock.latest) {
      this.#counts.wildClocks += 1;
      this.#rest.startMoved = true;
      startTime.values[low] = Number(this.#clock.nowNs & 0xffff_ffffn);
      startTime.values[low + 1] = Number(this.#clock.nowNs >> 32n);
    } else {
      startTime.values[low] = startLow;
      startTime.values[low + 1] = startHigh;
    }
    if (endHigh < startHigh || (endHigh === startHigh && endLow < startLow)) {
      this.#counts.endBeforeStart += 1;
      this.#rest.endMoved = true;
      return;
    }
    durationNs.values[low] = endLow - startLow;
    durationNs.values[low + 1] = endHigh - startHigh - (endLow < startLow ? 1 : 0);
    durationNs.used = true;
  }
}

/** An id of `words` times four bytes, which goes to `values` from `at` on. */
function writeId(reader: ProtobufReader, values: Uint32Array, at: number, words: number, field: string): void {
  const end = reader.lengthEnd();
  const start = reader.position;
  if (end - start !== words * 4) {
    throw new SpanRejected(`${field} has ${String(end - start)} bytes, not ${String(words * 4)}`);
  }
  let any = 0;
  for (let index = 0; index < words; index += 1) {
    const word = reader.view.getUint32(start + index * 4, true);
    any |= word;
    values[at + index] = word;
  }
  if (any === 0) throw new SpanRejected(`${field} is all zero`);
  reader.position = end;
}

/** An enum's number; one that no column can hold is no value of any version, and becomes 0. */
function smallEnum(reader: ProtobufReader): number {
  reader.varint64();
  return reader.high === 0 && reader.low <= 0xff ? reader.low : 0;
}
