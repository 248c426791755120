/**
 * OTLP protobuf in, Native blocks of the table `spans` out. No object is made for a span: its strings and numbers go
 * from the request's bytes into the block's columns.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import { crc32 } from "node:zlib";
import { AttributeWriter, skipUnknown } from "./attribute-writer.ts";
import { ByteBuffer, type Source } from "./byte-buffer.ts";
import { OtlpError } from "./errors.ts";
import { ValueTooDeepError, writeKeyValue } from "./json-text.ts";
import { blockRowsMax, clockAheadMaxNs } from "./limits.ts";
import type { LowCardinalityColumn, ScalarColumn } from "./native-columns.ts";
import { ProtobufReader, toNumber, word } from "./protobuf.ts";
import type { Range } from "./resource-json.ts";
import { SpanBlock } from "./span-block.ts";
import { ContextCache, type ResourceContext } from "./span-context.ts";

/** What became of one request. */
export interface Transcoded {
  readonly spans: number;
  readonly rejected: number;
  /** Why spans were rejected; '' where none was. */
  readonly rejectMessage: string;
  /** Identifies the request by its content: equal for a repeat, and for nothing else. */
  readonly fingerprint: string;
}

/** A finished block. */
export interface SealedBlock {
  readonly bytes: Buffer;
  readonly rows: number;
}

/** Counters since start. */
export interface TranscodeCounts {
  /** Spans whose clock was out of the window, stored at the time of their arrival. */
  wildClocks: number;
  endBeforeStart: number;
  /** Links left out because their ids have a wrong length. */
  badLinks: number;
  /** Strings that were not UTF-8 and were repaired. */
  repairedStrings: number;
}

export interface TranscoderOptions {
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const dayNs = 86_400_000_000_000n;
/** Distance kept from the oldest day that is still kept, so that a row never arrives only to be dropped, ns. */
const retentionMarginNs = 3_600_000_000_000n;
/** Reasons that one partial success names. */
const reasonsMax = 5;

class SpanRejected extends Error {}

/** Transcodes request after request into one growing block. */
export class SpanTranscoder {
  readonly counts: TranscodeCounts = { wildClocks: 0, endBeforeStart: 0, badLinks: 0, repairedStrings: 0 };
  readonly #block = new SpanBlock();
  readonly #attributes = new AttributeWriter(this.#block);
  readonly #contexts = new ContextCache();
  readonly #json = new ByteBuffer();
  readonly #options: TranscoderOptions;
  #sealed: SealedBlock[] = [];
  #sealedBefore = 0;
  #rowsBefore = 0;
  #reader = new ProtobufReader(new Uint8Array(0));

  // Of the request at hand.
  #nowNs = 0n;
  #earliest = 0;
  #latest = 0;
  #careful = false;
  #rejected = 0;
  #reasons = new Set<string>();
  #spans = 0;
  #idMix = 0;
  #idMix2 = 0;
  #contextRow = 0;

  constructor(options: TranscoderOptions) {
    this.#options = options;
  }

  /** Rows that wait for {@link takeBlocks}. */
  get rows(): number {
    return this.#sealed.reduce((sum, block) => sum + block.rows, this.#block.rows);
  }

  /**
   * Appends a request's spans.
   *
   * @throws OtlpError where the request is malformed; then nothing of it was appended
   */
  transcode(body: Uint8Array): Transcoded {
    const spans = countSpans(body);
    if (this.#block.rows + spans > blockRowsMax || this.#attributes.full) this.#seal();
    if (this.#attributes.full) this.#attributes.forget();
    this.#block.ensureRows(Math.min(this.#block.rows + spans, blockRowsMax));
    this.#sealedBefore = this.#sealed.length;
    this.#rowsBefore = this.#block.rows;
    this.#block.mark(0);
    this.#setClock();
    try {
      try {
        this.#request(body, false);
      } catch (error) {
        if (!(error instanceof SpanRejected) && !(error instanceof ValueTooDeepError)) throw error;
        // Again, span by span: the good neighbours of a bad span are kept.
        this.undo();
        this.#request(body, true);
      }
    } catch (error) {
      this.undo();
      throw error instanceof OtlpError ? new OtlpError(`ExportTraceServiceRequest: ${error.message}`, error) : error;
    }
    this.counts.repairedStrings += this.#attributes.repaired;
    this.#attributes.repaired = 0;
    return {
      spans: this.#spans,
      rejected: this.#rejected,
      rejectMessage: [...this.#reasons].join("; "),
      fingerprint: `${hex(crc32(body))}${hex(this.#idMix)}${hex(this.#idMix2)}${hex(body.length)}`,
    };
  }

  /** Takes the last request's spans back. */
  undo(): void {
    this.#sealed.length = this.#sealedBefore;
    this.#block.rollback(0, this.#rowsBefore);
  }

  /** What was transcoded since the last call, in order. */
  takeBlocks(): SealedBlock[] {
    this.#seal();
    const sealed = this.#sealed;
    this.#sealed = [];
    this.#sealedBefore = 0;
    this.#rowsBefore = 0;
    return sealed;
  }

  #seal(): void {
    const { rows } = this.#block;
    if (rows > 0) this.#sealed.push({ bytes: this.#block.seal(), rows });
  }

  #setClock(): void {
    const now = this.#options.now?.() ?? Date.now();
    this.#nowNs = BigInt(now) * 1_000_000n;
    this.#earliest = Number(this.#nowNs - BigInt(this.#options.retentionDays) * dayNs + retentionMarginNs);
    this.#latest = Number(this.#nowNs + clockAheadMaxNs);
  }

  #request(body: Uint8Array, careful: boolean): void {
    this.#careful = careful;
    this.#rejected = 0;
    this.#spans = 0;
    this.#reasons.clear();
    this.#idMix = 0;
    this.#idMix2 = 0;
    const reader = new ProtobufReader(body);
    this.#reader = reader;
    while (reader.position < body.length) {
      const tag = reader.varint32();
      if (tag !== 0x0a) {
        skipUnknown(reader, tag, 1, "ExportTraceServiceRequest");
        continue;
      }
      const end = reader.lengthEnd();
      this.#resourceSpans(end);
      reader.position = end;
      reader.end = body.length;
    }
  }

  #resourceSpans(end: number): void {
    const reader = this.#reader;
    const start = reader.position;
    const parts = findContext(reader, end, "ResourceSpans");
    const context = this.#orReject(reader.bytes.subarray(start, end), 1, () =>
      this.#contexts.resource(reader.bytes, parts.message, parts.schemaUrl),
    );
    if (!context) return;
    reader.position = start;
    reader.end = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag !== 0x12) {
        reader.skip(tag);
        continue;
      }
      const scopeEnd = reader.lengthEnd();
      this.#scopeSpans(scopeEnd, context);
      reader.position = scopeEnd;
      reader.end = end;
    }
  }

  #scopeSpans(end: number, context: ResourceContext): void {
    const reader = this.#reader;
    const start = reader.position;
    const parts = findContext(reader, end, "ScopeSpans");
    const scope = this.#orReject(reader.bytes.subarray(start, end), 2, () =>
      this.#contexts.scope(reader.bytes, parts.message, parts.schemaUrl),
    );
    if (!scope) return;
    reader.position = start;
    reader.end = end;
    this.#contextRow = this.#block.rows;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag !== 0x12) {
        reader.skip(tag);
        continue;
      }
      const spanEnd = reader.lengthEnd();
      if (this.#block.rows === blockRowsMax) {
        this.#fillContext(context, scope);
        this.#startNextBlock();
      }
      if (this.#careful) this.#carefulSpan(spanEnd);
      else this.#span(spanEnd);
      reader.position = spanEnd;
      reader.end = end;
    }
    this.#fillContext(context, scope);
  }

  /** A resource or scope that cannot be kept takes the spans under it along, and no others. */
  #orReject<T>(message: Uint8Array, depth: number, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof ValueTooDeepError) || !this.#careful) throw error;
      this.#reject(error.message, countSpans(message, depth));
      return undefined;
    }
  }

  #reject(reason: string, spans: number): void {
    this.#rejected += spans;
    if (this.#reasons.size < reasonsMax) this.#reasons.add(reason);
  }

  /** Only a request of more rows than a block has comes here, and its block had no other's rows. */
  #startNextBlock(): void {
    this.#seal();
    this.#block.mark(0);
    this.#rowsBefore = 0;
    this.#contextRow = 0;
  }

  /** Writes what resource and scope say into the rows that were added since the last call. */
  #fillContext(context: ResourceContext, scope: Source): void {
    const block = this.#block;
    const from = this.#contextRow;
    const to = block.rows;
    if (from === to) return;
    fillIndex(block.resource, context.json, from, to);
    fillIndex(block.scope, scope, from, to);
    block.resourceColumns.forEach((writer, index) => {
      const text = context.strings[index] as Source;
      if (writer.type === "lowCardinality") fillIndex(writer.column, text, from, to);
      else if (writer.type === "string") {
        if (text.bytes.length === 0) return;
        for (let row = from; row < to; row += 1) writer.column.set(row, text, 0, text.bytes.length);
      } else if (writer.type === "uint64") {
        const number = context.numbers[index] as number;
        if (number === 0) return;
        const { values } = writer.column;
        for (let row = from; row < to; row += 1) {
          values[row * 2] = number % 0x1_0000_0000;
          values[row * 2 + 1] = Math.floor(number / 0x1_0000_0000);
        }
        writer.column.used = true;
      }
    });
  }

  #carefulSpan(end: number): void {
    const { rows } = this.#block;
    this.#block.mark(1);
    try {
      this.#span(end);
    } catch (error) {
      if (!(error instanceof SpanRejected) && !(error instanceof ValueTooDeepError)) throw error;
      this.#block.rollback(1, rows);
      this.#reject(error.message, 1);
    }
  }

  #span(end: number): void {
    const reader = this.#reader;
    const block = this.#block;
    const row = block.rows;
    const attributes = this.#attributes;
    reader.end = end;
    attributes.startSpan();
    let ids = 0;
    let deferred = false;
    const spanStart = reader.position;
    while (reader.position < end) {
      const tag = reader.varint32();
      switch (tag) {
        case 0x4a: {
          const attributeEnd = reader.lengthEnd();
          attributes.write(reader, attributeEnd, row);
          break;
        }
        case 0x0a:
          this.#id(block.traceId.values, row, 16, "trace_id");
          ids |= 1;
          break;
        case 0x12:
          this.#id(block.spanId.values, row, 8, "span_id");
          ids |= 2;
          break;
        case 0x22:
          this.#parentId(row);
          break;
        case 0x1a: {
          const stringEnd = reader.lengthEnd();
          if (stringEnd > reader.position && !block.traceState.has(row)) {
            if (!block.traceState.set(row, reader, reader.position, stringEnd)) this.counts.repairedStrings += 1;
          }
          reader.position = stringEnd;
          break;
        }
        case 0x2a: {
          const stringEnd = reader.lengthEnd();
          block.spanName.indexes[row] = block.spanName.dictionary.lookup(reader, reader.position, stringEnd);
          reader.position = stringEnd;
          break;
        }
        case 0x30:
          setSmall(block.kind, row, smallEnum(reader));
          break;
        case 0x39:
          reader.fixed64();
          block.rawStart.values[row * 2] = reader.low;
          block.rawStart.values[row * 2 + 1] = reader.high;
          break;
        case 0x41:
          reader.fixed64();
          block.rawEnd.values[row * 2] = reader.low;
          block.rawEnd.values[row * 2 + 1] = reader.high;
          break;
        case 0x50:
          setSmall(block.droppedAttributes, row, reader.varint32());
          break;
        case 0x60:
          setSmall(block.droppedEvents, row, reader.varint32());
          break;
        case 0x70:
          setSmall(block.droppedLinks, row, reader.varint32());
          break;
        case 0x85:
          setSmall(block.flags, row, reader.fixed32());
          break;
        case 0x7a:
          this.#status(reader.lengthEnd(), row);
          break;
        case 0x5a:
        case 0x6a:
          // After the attributes, whatever order they come in.
          deferred = true;
          reader.position = reader.lengthEnd();
          break;
        default:
          skipUnknown(reader, tag, 16, "Span");
      }
    }
    if (ids !== 3) throw new SpanRejected(ids & 1 ? "span_id is missing" : "trace_id is missing");
    attributes.messageKeys.endSpan();
    if (deferred) this.#eventsAndLinks(spanStart, end, row);
    attributes.deriveMessageKeys(reader, row);
    this.#times(row);
    this.#mixIds(row);
    block.rows = row + 1;
    this.#spans += 1;
  }

  #id(values: Uint8Array, row: number, size: number, field: string): void {
    const reader = this.#reader;
    const end = reader.lengthEnd();
    const start = reader.position;
    if (end - start !== size) {
      throw new SpanRejected(`${field} has ${String(end - start)} bytes, not ${String(size)}`);
    }
    const { bytes } = reader;
    let any = 0;
    for (let index = 0, at = row * size; index < size; index += 1) {
      const byte = bytes[start + index] as number;
      any |= byte;
      values[at + index] = byte;
    }
    if (any === 0) throw new SpanRejected(`${field} is all zero`);
    reader.position = end;
  }

  #parentId(row: number): void {
    const reader = this.#reader;
    const { parentSpanId } = this.#block;
    const end = reader.lengthEnd();
    const size = end - reader.position;
    if (size !== 0 && size !== 8) throw new SpanRejected(`parent_span_id has ${String(size)} bytes, not 8`);
    for (let index = 0; index < size; index += 1) {
      parentSpanId.values[row * 8 + index] = reader.bytes[reader.position + index] as number;
    }
    if (size === 8) parentSpanId.used = true;
    reader.position = end;
  }

  #status(end: number, row: number): void {
    const reader = this.#reader;
    const block = this.#block;
    const outerEnd = reader.end;
    reader.end = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag === 0x12) {
        const stringEnd = reader.lengthEnd();
        if (stringEnd > reader.position && !block.statusMessage.has(row)) {
          if (!block.statusMessage.set(row, reader, reader.position, stringEnd)) this.counts.repairedStrings += 1;
        }
        reader.position = stringEnd;
      } else if (tag === 0x18) {
        setSmall(block.statusCode, row, smallEnum(reader));
      } else if (tag >>> 3 === 1) reader.skip(tag);
      else skipUnknown(reader, tag, 3, "Status");
    }
    reader.end = outerEnd;
  }

  #eventsAndLinks(start: number, end: number, row: number): void {
    const reader = this.#reader;
    reader.position = start;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag !== 0x5a && tag !== 0x6a) {
        reader.skip(tag);
        continue;
      }
      const itemEnd = reader.lengthEnd();
      reader.end = itemEnd;
      if (tag === 0x5a) this.#event(itemEnd, row);
      else this.#link(itemEnd, row);
      reader.position = itemEnd;
      reader.end = end;
    }
  }

  #event(end: number, row: number): void {
    const reader = this.#reader;
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
        name = eventName.dictionary.lookup(reader, reader.position, stringEnd);
        reader.position = stringEnd;
      } else if (tag === 0x1a) this.#listAttribute();
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

  #link(end: number, row: number): void {
    const reader = this.#reader;
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
      } else if (tag === 0x22) this.#listAttribute();
      else if (tag === 0x28) dropped = reader.varint32();
      else if (tag === 0x35) flags = reader.fixed32();
      else skipUnknown(reader, tag, 6, "Span.Link");
    }
    if (traceId < 0 || spanId < 0) {
      this.counts.badLinks += 1;
      setSmall(block.droppedLinks, row, (block.droppedLinks.values[row] as number) + 1);
      return;
    }
    block.linkLengths.add(row);
    block.linkTraceId.entries.raw(reader, traceId, traceId + 16);
    block.linkSpanId.entries.raw(reader, spanId, spanId + 8);
    block.linkTraceState.entries.string(reader, stateStart, stateEnd);
    this.#endList(block.linkAttributes.entries);
    block.linkDropped.entries.u32(dropped);
    block.linkFlags.entries.u32(flags);
    this.#attributes.messageKeys.endItem();
  }

  /** One KeyValue of an event or a link into the list that {@link #endList} ends. */
  #listAttribute(): void {
    const reader = this.#reader;
    const end = reader.lengthEnd();
    this.#attributes.observe(reader, end);
    this.#json.byte(this.#json.length === 0 ? 0x5b : 0x2c);
    writeKeyValue(this.#json, reader, end, 1);
  }

  #endList(entries: ByteBuffer): void {
    if (this.#json.length > 0) this.#json.byte(0x5d);
    entries.string(this.#json, 0, this.#json.length);
  }

  /** Start time within the window, and duration, out of the clock values as they came. */
  #times(row: number): void {
    const { rawStart, rawEnd, startTime, durationNs } = this.#block;
    const low = row * 2;
    const startLow = rawStart.values[low] as number;
    const startHigh = rawStart.values[low + 1] as number;
    const start = toNumber(startLow, startHigh);
    if (start < this.#earliest || start > this.#latest) {
      this.counts.wildClocks += 1;
      startTime.values[low] = Number(this.#nowNs & 0xffff_ffffn);
      startTime.values[low + 1] = Number(this.#nowNs >> 32n);
    } else {
      startTime.values[low] = startLow;
      startTime.values[low + 1] = startHigh;
    }
    const endLow = rawEnd.values[low] as number;
    const endHigh = rawEnd.values[low + 1] as number;
    if (endHigh < startHigh || (endHigh === startHigh && endLow < startLow)) {
      this.counts.endBeforeStart += 1;
      return;
    }
    durationNs.values[low] = endLow - startLow;
    durationNs.values[low + 1] = endHigh - startHigh - (endLow < startLow ? 1 : 0);
    durationNs.used = true;
  }

  #mixIds(row: number): void {
    const { spanId, traceId } = this.#block;
    const trace = word(traceId.values, row * 16 + 8);
    this.#idMix = Math.imul(this.#idMix ^ word(spanId.values, row * 8) ^ trace, 0x9e37_79b1) + 1;
    this.#idMix2 = Math.imul(this.#idMix2 ^ word(spanId.values, row * 8 + 4), 0x85eb_ca6b) + trace;
  }
}

interface ContextParts {
  message: Range | undefined;
  schemaUrl: Range | undefined;
}

/** The resource (or scope), field 1, and the schema URL, field 3, wherever they stand in the message. */
function findContext(reader: ProtobufReader, end: number, message: string): ContextParts {
  const parts: ContextParts = { message: undefined, schemaUrl: undefined };
  reader.end = end;
  while (reader.position < end) {
    const tag = reader.varint32();
    if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) {
      skipUnknown(reader, tag, 3, message);
      continue;
    }
    const fieldEnd = reader.lengthEnd();
    const range = { start: reader.position, end: fieldEnd };
    if (tag === 0x0a) parts.message = range;
    else if (tag === 0x1a) parts.schemaUrl = range;
    reader.position = fieldEnd;
  }
  return parts;
}

function fillIndex(column: LowCardinalityColumn, text: Source, from: number, to: number): void {
  const { length } = text.bytes;
  if (length > 0) column.indexes.fill(column.dictionary.lookup(text, 0, length), from, to);
}

/** Sets a number; a column of zeros alone stays out of the block. */
function setSmall(column: ScalarColumn<Uint8Array> | ScalarColumn<Uint32Array>, row: number, value: number): void {
  column.values[row] = value;
  if (value !== 0) column.used = true;
}

/** An enum's number; one that no column can hold is no value of any version, and becomes 0. */
function smallEnum(reader: ProtobufReader): number {
  reader.varint64();
  return reader.high === 0 && reader.low <= 0xff ? reader.low : 0;
}

/** Spans in a request (or, from `fromDepth` on, in a part of it); a cheap walk over the outer messages. */
function countSpans(body: Uint8Array, fromDepth = 0): number {
  const reader = new ProtobufReader(body);
  let spans = 0;
  const walk = (end: number, depth: number): void => {
    reader.end = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag !== (depth === 0 ? 0x0a : 0x12)) {
        reader.skip(tag);
        continue;
      }
      const fieldEnd = reader.lengthEnd();
      if (depth === 2) spans += 1;
      else walk(fieldEnd, depth + 1);
      reader.position = fieldEnd;
      reader.end = end;
    }
  };
  walk(body.length, fromDepth);
  return spans;
}

function hex(word32: number): string {
  return (word32 >>> 0).toString(16).padStart(8, "0");
}
