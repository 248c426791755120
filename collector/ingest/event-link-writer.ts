/** Events and links of a span, whose attributes are kept as OTLP/JSON. */
import type { AttributeWriter } from "./attribute-writer.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { writeKeyValue } from "./json-text.ts";
import { skipUnknown, type ProtobufReader } from "./protobuf.ts";
import type { SpanBlock } from "./span-block.ts";
import type { TranscodeCounts } from "./transcode-counts.ts";

/** Writes them into one block. */
export class EventLinkWriter {
  readonly #block: SpanBlock;
  readonly #attributes: AttributeWriter;
  readonly #counts: TranscodeCounts;
  readonly #json = new ByteBuffer();

  constructor(block: SpanBlock, attributes: AttributeWriter, counts: TranscodeCounts) {
    this.#block = block;
    this.#attributes = attributes;
    this.#counts = counts;
  }

  /**
   * Writes the events and links of the Span in `start` to `end`, after its attributes; returns how many links could
   * not be kept.
   */
  write(reader: ProtobufReader, start: number, end: number, row: number): number {
    let badLinks = 0;
    reader.position = start;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag !== 0x5a && tag !== 0x6a) {
        reader.skip(tag);
        continue;
      }
      const itemEnd = reader.lengthEnd();
      reader.end = itemEnd;
      if (tag === 0x5a) this.#event(reader, itemEnd, row);
      else if (!this.#link(reader, itemEnd, row)) badLinks += 1;
      reader.position = itemEnd;
      reader.end = end;
    }
    this.#counts.badLinks += badLinks;
    return badLinks;
  }

  #event(reader: ProtobufReader, end: number, row: number): void {
    const { eventLengths, eventTime, eventName, eventAttributes, eventDropped } = this.#block;
    this.#json.length = 0;
    let timeLow = 0;
    let timeHigh = 0;
    let name = 0;
    let dropped = 0;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag === 0x09) {
        reader.fixed64();
        timeLow = reader.low;
        timeHigh = reader.high;
      } else if (tag === 0x12) {
        const stringEnd = reader.lengthEnd();
        name = eventName.dictionary.lookup(reader.view, reader.position, stringEnd);
        reader.position = stringEnd;
      } else if (tag === 0x1a) this.#listAttribute(reader);
      else if (tag === 0x20) dropped = reader.varint32();
      else skipUnknown(reader, tag, 4, "Span.Event");
    }
    eventLengths.add(row);
    eventTime.entries.u32(timeLow);
    eventTime.entries.u32(timeHigh);
    eventName.indexes.push(name);
    this.#endList(eventAttributes.entries);
    eventDropped.entries.u32(dropped);
    this.#attributes.messageKeys.endItem();
  }

  #link(reader: ProtobufReader, end: number, row: number): boolean {
    const block = this.#block;
    this.#json.length = 0;
    let traceId = -1;
    let spanId = -1;
    let stateStart = 0;
    let stateEnd = 0;
    let dropped = 0;
    let flags = 0;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag === 0x0a || tag === 0x12 || tag === 0x1a) {
        const fieldEnd = reader.lengthEnd();
        const at = reader.position;
        if (tag === 0x0a) traceId = fieldEnd - at === 16 ? at : -1;
        else if (tag === 0x12) spanId = fieldEnd - at === 8 ? at : -1;
        else {
          stateStart = at;
          stateEnd = fieldEnd;
        }
        reader.position = fieldEnd;
      } else if (tag === 0x22) this.#listAttribute(reader);
      else if (tag === 0x28) dropped = reader.varint32();
      else if (tag === 0x35) flags = reader.fixed32();
      else skipUnknown(reader, tag, 6, "Span.Link");
    }
    if (traceId < 0 || spanId < 0) return false;
    block.linkLengths.add(row);
    block.linkTraceId.entries.raw(reader.view, traceId, traceId + 16);
    block.linkSpanId.entries.raw(reader.view, spanId, spanId + 8);
    block.linkTraceState.entries.string(reader.view, stateStart, stateEnd);
    this.#endList(block.linkAttributes.entries);
    block.linkDropped.entries.u32(dropped);
    block.linkFlags.entries.u32(flags);
    this.#attributes.messageKeys.endItem();
    return true;
  }

  /** One KeyValue of an event or a link into the list that {@link #endList} ends. */
  #listAttribute(reader: ProtobufReader): void {
    const end = reader.lengthEnd();
    this.#attributes.observe(reader, end);
    this.#json.byte(this.#json.length === 0 ? 0x5b : 0x2c);
    writeKeyValue(this.#json, reader, end, 1);
  }

  #endList(entries: ByteBuffer): void {
    if (this.#json.length > 0) this.#json.byte(0x5d);
    entries.string(this.#json.view, 0, this.#json.length);
  }
}
