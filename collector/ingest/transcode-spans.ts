/**
 * OTLP protobuf in, Native blocks of the table `spans` out. No object is made for a span: its strings and numbers go
 * from the request's bytes into the block's columns.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import { AttributeWriter } from "./attribute-writer.ts";
import type { BlockBytes } from "./block-memory.ts";
import { countSpans } from "./count-spans.ts";
import { kernelDropped } from "./dropped-kernels.ts";
import { malformed, OtlpError } from "./errors.ts";
import { ValueTooDeepError } from "./json-text.ts";
import { blockRowsMax, clockAheadMaxNs, rejectionsMax } from "./limits.ts";
import type { LowCardinalityColumn } from "./native-columns.ts";
import { ProtobufReader, skipUnknown } from "./protobuf.ts";
import { SpanBlock } from "./span-block.ts";
import { ContextCache, findContext, type ResourceContext } from "./span-context.ts";
import { STOPS } from "./span-kernel.ts";
import { SpanRejected, SpanWriter, type ClockWindow } from "./span-writer.ts";
import { noCounts, type TranscodeCounts } from "./transcode-counts.ts";

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
export interface SealedBlock extends BlockBytes {
  readonly rows: number;
}

/**
 * What a span's start is judged by: where it is older than what is kept, or ahead, the span's arrival stands in for it.
 */
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

/** Transcodes request after request into one growing block. */
export class SpanTranscoder {
  readonly counts: TranscodeCounts;
  readonly #block = new SpanBlock();
  readonly #kernel = this.#block.kernel;
  readonly #attributes = new AttributeWriter(this.#block);
  readonly #spanWriter: SpanWriter;
  readonly #contexts = new ContextCache(this.#kernel.exports.hashOfPart);
  readonly #options: TranscoderOptions;
  #sealed: SealedBlock[] = [];
  #sealedBefore = 0;
  #rowsBefore = 0;
  readonly #countsBefore = noCounts();
  #reader = new ProtobufReader(new Uint8Array(0));

  // Of the request at hand.
  #careful = false;
  #rejected = 0;
  /** Rejections one by one, each of which costs a throw and a rollback. */
  #rejections = 0;
  #reasons = new Set<string>();
  #spans = 0;
  #contextRow = 0;

  constructor(options: TranscoderOptions, counts = noCounts()) {
    this.#options = options;
    this.counts = counts;
    this.#spanWriter = new SpanWriter(this.#block, this.#attributes, counts);
  }

  /** What its kernel takes of the machine's memory, bytes: as much as the largest request and block needed. */
  get memoryBytes(): number {
    return this.#kernel.sizeBytes;
  }

  /** Another with the same counts, and small; this one is of no use then. */
  renewed(): SpanTranscoder {
    kernelDropped();
    return new SpanTranscoder(this.#options, this.counts);
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
    this.#kernel.take(body);
    const counted = this.#kernel.exports.countSpans();
    const spans = counted >= 0 ? counted : countSpans(body);
    if (this.#block.rows + spans > blockRowsMax || this.#attributes.full) this.#seal();
    if (this.#attributes.full) this.#attributes.forget();
    this.#block.ensureRows(Math.min(this.#block.rows + spans, blockRowsMax));
    this.#sealedBefore = this.#sealed.length;
    this.#rowsBefore = this.#block.rows;
    Object.assign(this.#countsBefore, this.counts);
    this.#block.mark(0);
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
      fingerprint: this.#fingerprint(),
    };
  }

  /** Takes the last request's spans back. */
  undo(): void {
    this.#sealed.length = this.#sealedBefore;
    this.#block.rollback(0, this.#rowsBefore);
    Object.assign(this.counts, this.#countsBefore);
    this.#attributes.repaired = 0;
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

  #fingerprint(): string {
    const hash = BigInt.asUintN(64, this.#kernel.exports.hashOfRequest());
    const ids = hex(this.#kernel.state("idMix")) + hex(this.#kernel.state("idMix2"));
    return hash.toString(16).padStart(16, "0") + ids;
  }

  #seal(): void {
    const { rows } = this.#block;
    if (rows > 0) this.#sealed.push({ ...this.#block.seal(), rows });
  }

  #clock(): ClockWindow {
    const now = this.#options.now?.() ?? Date.now();
    const nowNs = BigInt(now) * 1_000_000n;
    return {
      nowNs,
      earliest: Number(nowNs - BigInt(this.#options.retentionDays) * dayNs + retentionMarginNs),
      latest: Number(nowNs + clockAheadMaxNs),
    };
  }

  #request(body: Uint8Array, careful: boolean): void {
    this.#careful = careful;
    this.#rejected = 0;
    this.#rejections = 0;
    this.#spans = 0;
    this.#reasons.clear();
    this.#spanWriter.startRequest(this.#clock());
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
    const parts = findContext(reader, end, "ResourceSpans", this.#kernel.exports.skipInner);
    const context = this.#orReject(reader.bytes.subarray(start, end), 1, () =>
      this.#contexts.resource(reader.bytes, parts),
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
    const parts = findContext(reader, end, "ScopeSpans", this.#kernel.exports.skipInner);
    const scope = this.#orReject(reader.bytes.subarray(start, end), 2, () =>
      this.#contexts.scope(reader.bytes, parts),
    );
    if (!scope) return;
    reader.position = start;
    this.#contextRow = this.#block.rows;
    while (reader.position < end) {
      reader.end = end;
      // Span by span where a bad one may have to be taken back.
      const stop = this.#careful ? STOPS.otherField : this.#plainSpans(end);
      if (stop === STOPS.full) this.#startNextBlock(context, scope);
      else if (stop === STOPS.inSpan) this.#restOfSpan();
      else if (stop === STOPS.otherField) this.#anyField(end, context, scope);
    }
    this.#fillContext(context, scope);
  }

  /** Spans as nearly all are; why the kernel stopped. */
  #plainSpans(end: number): number {
    const block = this.#block;
    const stop = this.#kernel.exports.putSpans(this.#reader.position, end, block.rows, blockRowsMax);
    const rows = this.#kernel.state("row");
    this.#spans += rows - block.rows;
    block.rows = rows;
    this.#reader.position = this.#kernel.state("position");
    return stop;
  }

  /** The span in which the kernel stopped. */
  #restOfSpan(): void {
    const end = this.#kernel.state("end");
    this.#spanWriter.resume(this.#reader);
    this.#spans += 1;
    this.#reader.position = end;
  }

  /** A field of ScopeSpans in any form. */
  #anyField(end: number, context: ResourceContext, scope: DataView): void {
    const reader = this.#reader;
    const tag = reader.varint32();
    if (tag !== 0x12) {
      reader.skip(tag);
      return;
    }
    const spanEnd = reader.lengthEnd();
    if (this.#block.rows === blockRowsMax) this.#startNextBlock(context, scope);
    if (this.#careful) this.#carefulSpan(spanEnd);
    else this.#span(spanEnd);
    reader.position = spanEnd;
    reader.end = end;
  }

  /** A resource or scope that cannot be kept takes the spans under it along, and no others. */
  #orReject<T>(message: Uint8Array, depth: number, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof ValueTooDeepError) || !this.#careful) throw error;
      this.counts.rejectedDepths += this.#reject(error.message, countSpans(message, depth));
      return undefined;
    }
  }

  /** How many they are. */
  #reject(reason: string, spans: number): number {
    this.#rejected += spans;
    this.#rejections += 1;
    if (this.#rejections > rejectionsMax) {
      throw malformed(`more than ${String(rejectionsMax)} spans cannot be kept; of one: ${reason}`);
    }
    if (this.#reasons.size < reasonsMax) this.#reasons.add(reason);
    return spans;
  }

  /** Only a request of more rows than a block has comes here, and its block had no other's rows. */
  #startNextBlock(context: ResourceContext, scope: DataView): void {
    this.#fillContext(context, scope);
    this.#seal();
    this.#block.mark(0);
    this.#rowsBefore = 0;
    this.#contextRow = 0;
  }

  /** Writes what resource and scope say into the rows that were added since the last call. */
  #fillContext(context: ResourceContext, scope: DataView): void {
    const block = this.#block;
    const from = this.#contextRow;
    const to = block.rows;
    if (from === to) return;
    fillIndex(block.resource, context.json, from, to);
    fillIndex(block.scope, scope, from, to);
    block.resourceColumns.forEach((writer, index) => {
      const text = context.strings[index] as DataView;
      if (writer.type === "lowCardinality") fillIndex(writer.column, text, from, to);
      else {
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

  #span(end: number): void {
    this.#spanWriter.write(this.#reader, end);
    this.#spans += 1;
  }

  #carefulSpan(end: number): void {
    const { rows } = this.#block;
    this.#block.mark(1);
    try {
      this.#span(end);
    } catch (error) {
      if (!(error instanceof SpanRejected) && !(error instanceof ValueTooDeepError)) throw error;
      this.#block.rollback(1, rows);
      this.counts[error instanceof SpanRejected ? "rejectedIds" : "rejectedDepths"] += this.#reject(error.message, 1);
    }
  }
}

function fillIndex(column: LowCardinalityColumn, text: DataView, from: number, to: number): void {
  const length = text.byteLength;
  if (length > 0) column.indexes.fill(column.dictionary.lookup(text, 0, length), from, to);
}

function hex(word32: number): string {
  return (word32 >>> 0).toString(16).padStart(8, "0");
}
