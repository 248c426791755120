/**
 * The write-ahead log: segment files that are appended to, made durable, closed, and handed to the loader in order.
 *
 * One caller appends at a time (the receiver's group commit).
 */
import { basename, join } from "node:path";
import type { Log } from "../store/log.ts";
import { ListedRecords, type KeptRecords } from "./kept-records.ts";
import { keptSegmentsMaxBytes, readyFromBytes, segmentSizeMaxBytes } from "./limits.ts";
import { SegmentFiles, type SegmentFile } from "./segment-files.ts";
import { namedFiles, numberOf } from "./segment-names.ts";
import {
  decodeSegment,
  encodeRecord,
  encodeSegmentEnd,
  recordHeaderBytes,
  segmentHeaderBytes,
  type SegmentContent,
  type SegmentRecord,
} from "./segment.ts";
import { SpareFiles } from "./spare-files.ts";
import { diskFiles, type WalFiles } from "./wal-files.ts";

const UNREADABLE = "segment cannot be read; it was set aside: once it can, move it back and start again";

/** A segment that is complete and waits for the loader. */
export interface ClosedSegment {
  readonly path: string;
  readonly sizeBytes: number;
  readonly rows: number;
  /** When its first record was written, or it was found at start: milliseconds of `performance.now()`. */
  readonly since: number;
  /** What is in the file, where it was written lately; else it is read from there. */
  readonly kept: SegmentContent | undefined;
  /** Bytes of its file, once nobody writes to it; undefined where it must not be written over. */
  readonly fileBytes: Promise<number | undefined>;
}

interface OpenSegment extends SegmentFile {
  /** Bytes known to be durable. */
  sizeBytes: number;
  rows: number;
  readonly since: number;
  /** Whether every record so far is kept in memory; false once these are too much. */
  isKept: boolean;
  /** Whether a write failed, so that nobody knows what is behind the last record. */
  isFailed: boolean;
}

/** Where the log is, and at which size a segment is closed. */
export interface WalOptions {
  /** Made where it is missing. */
  readonly dir: string;
  readonly log: Log;
  readonly files?: WalFiles | undefined;
  readonly segmentMaxBytes?: number | undefined;
  /** Size of a segment from which on the file of the next is made beforehand. */
  readonly readyFromBytes?: number | undefined;
  /** Bytes of files that are kept to be written over. */
  readonly spareSizeMaxBytes?: number | undefined;
  /** How records are kept in memory until their segment is loaded, and given to the loader: as they are by default. */
  readonly keepRecords?: (() => KeptRecords) | undefined;
  /** Told at opening of the requests in each segment that was left. */
  readonly onLeft?: ((requests: readonly string[]) => void) | undefined;
}

/** What went wrong with the log's files since the collector started. */
export interface WalCounts {
  /** Segments with damage, or that cannot be read, set aside in `damaged/`. */
  damagedSegments: number;
  /** Segments whose last, never acknowledged record was torn by a crash, and cut. */
  tornTails: number;
  /** Appends that failed: disk full or broken. */
  appendErrors: number;
}

/** Opens the log in a directory; {@link Wal.open} finds what an earlier collector left. */
export class Wal {
  readonly counts: WalCounts = { damagedSegments: 0, tornTails: 0, appendErrors: 0 };
  readonly dir: string;
  readonly #files: WalFiles;
  readonly #segmentFiles: SegmentFiles;
  readonly #spares: SpareFiles;
  readonly #log: Log;
  readonly #segmentMaxBytes: number;
  readonly #damagedDir: string;
  readonly #keepRecords: () => KeptRecords;
  readonly #kept: KeptRecords;
  readonly #closed: ClosedSegment[] = [];
  #open: OpenSegment | undefined;
  /** Of the segment that was closed last. */
  #lastSizeBytes = 0;
  /** Files that are being closed. */
  #ending: Promise<unknown> = Promise.resolve();
  /** Bytes of the segments whose records are in memory. */
  #keptBytes = 0;

  private constructor(options: WalOptions) {
    const { dir, files = diskFiles, log, segmentMaxBytes = segmentSizeMaxBytes } = options;
    this.dir = dir;
    this.#damagedDir = join(dir, "damaged");
    this.#keepRecords = options.keepRecords ?? (() => new ListedRecords());
    this.#kept = this.#keepRecords();
    this.#files = files;
    this.#log = log;
    this.#segmentMaxBytes = segmentMaxBytes;
    const readyFrom = options.readyFromBytes ?? readyFromBytes;
    this.#spares = new SpareFiles({ files, log, sizeMaxBytes: options.spareSizeMaxBytes });
    this.#segmentFiles = new SegmentFiles({ dir, files, spares: this.#spares, log, readyFromBytes: readyFrom });
  }

  /** Opens the log; what was left waits in {@link first}, oldest first. Torn tails are cut. */
  static async open(options: WalOptions): Promise<Wal> {
    const wal = new Wal(options);
    await wal.#files.makeDir(wal.dir);
    await wal.#files.makeDir(wal.#damagedDir);
    const left = namedFiles(await wal.#files.list(wal.dir));
    // What is set aside keeps its name, which no other may get; nor may a file have a lower number than what is in it.
    const aside = namedFiles(await wal.#files.list(wal.#damagedDir));
    wal.#segmentFiles.skip(Math.max(left.lastNumber, aside.lastNumber));
    await wal.#removeSpares(left.spares);
    await wal.#recoverAll(left.segments, options.onLeft);
    return wal;
  }

  /** Bytes not yet in the store. */
  get sizeBytes(): number {
    return this.#closed.reduce((sum, segment) => sum + segment.sizeBytes, this.#open?.sizeBytes ?? 0);
  }

  /** Bytes of files that hold nothing and are kept to be written over. */
  get spareBytes(): number {
    return this.#spares.sizeBytes;
  }

  get closedSegments(): number {
    return this.#closed.length;
  }

  /** Milliseconds of `performance.now()` at which the oldest data that is not yet in the store was written. */
  get oldestSince(): number | undefined {
    return this.#closed[0]?.since ?? this.#open?.since;
  }

  /** Since when the open segment has data. */
  get openSince(): number | undefined {
    return this.#open?.since;
  }

  /**
   * Appends a record and makes it durable. Where that fails nothing of it remains.
   *
   * @throws what the disk answered
   */
  async append(record: SegmentRecord): Promise<void> {
    let size = 0;
    try {
      const segment = (this.#open ??= await this.#start());
      const parts = encodeRecord(segment.id, record);
      size = parts.reduce((sum, part) => sum + part.byteLength, 0);
      await segment.file.append(parts);
      await segment.file.sync();
      segment.sizeBytes += size;
      segment.rows += record.rows;
      this.#keep(segment, record, size);
    } catch (error) {
      this.counts.appendErrors += 1;
      await this.#abandon();
      // Where the disk is full, they are in the way.
      await this.#spares.giveUp();
      throw error;
    }
    if (this.#open.sizeBytes >= this.#segmentMaxBytes) this.closeSegment();
  }

  /**
   * Closes the open segment, so that the loader may have it; what is in it is durable, whatever the disk says now, and
   * nobody need wait for its file.
   */
  closeSegment(): void {
    const segment = this.#open;
    if (!segment) return;
    this.#open = undefined;
    const { id, path, sizeBytes, rows, since, isKept } = segment;
    const fileBytes = this.#end(segment);
    this.#ending = Promise.all([this.#ending, fileBytes]);
    const records = this.#kept.take();
    const whole = { wholeBytes: sizeBytes, isEnded: true, damagedBytes: 0, tailBytes: 0 };
    const kept = isKept ? { id, records, ...whole } : undefined;
    if (rows > 0) {
      this.#closed.push({ path, sizeBytes, rows, since, kept, fileBytes });
      this.#lastSizeBytes = sizeBytes;
    } else this.#keptBytes -= sizeBytes;
  }

  /** Closes the open segment and the files, of which only those of closed segments stay. */
  async close(): Promise<void> {
    this.closeSegment();
    await this.#segmentFiles.discardReady();
    await this.#spares.close();
    await this.#ending;
  }

  /** Gives up the files that are kept for later, where there is no room for them or nobody needs them. */
  async tidy(hasRoom: boolean, nowMs = performance.now()): Promise<void> {
    await this.#spares.tidy(hasRoom);
    if (!this.#spares.isIdle(nowMs)) return;
    await this.#spares.giveUp();
    await this.#segmentFiles.discardReady();
  }

  /** The oldest segment that waits for the loader. */
  first(): ClosedSegment | undefined {
    return this.#closed[0];
  }

  /** Every segment that waits, oldest first. */
  segments(): readonly ClosedSegment[] {
    return this.#closed;
  }

  /** The content of a closed segment. */
  async read(segment: ClosedSegment): Promise<SegmentContent> {
    if (segment.kept) return segment.kept;
    const content = decodeSegment(await this.#files.read(segment.path), numberOf(basename(segment.path)));
    const kept = this.#keepRecords();
    try {
      for (const record of content.records) kept.add(record);
      // What the store may have taken already is known by its token and its blocks: they are the same at every try.
      return { ...content, records: kept.take() };
    } catch (error) {
      this.#log.warn({ path: segment.path, error: String(error) }, "records of a segment are loaded as they are");
      return content;
    }
  }

  /**
   * A segment is in the store: its file is written over by another or goes, or is kept in `damaged/` where part of it
   * could not be read.
   */
  async finish(segment: ClosedSegment, { damaged }: { readonly damaged: boolean }): Promise<void> {
    const { path, sizeBytes: usedBytes } = segment;
    const sizeBytes = await segment.fileBytes;
    if (damaged) await this.#setAside(path, "segment is damaged; it was set aside, and what is whole in it is loaded");
    else if (sizeBytes === undefined) await this.#files.remove(path);
    else await this.#spares.keep({ path, sizeBytes }, usedBytes);
    this.#forget(segment);
  }

  /** A segment cannot be read, again and again: it is kept in `damaged/`, and does not stop those after it. */
  async giveUp(segment: ClosedSegment, error: unknown): Promise<void> {
    await this.#setAside(segment.path, UNREADABLE, error);
    this.#forget(segment);
  }

  #forget(segment: ClosedSegment): void {
    this.#closed.splice(this.#closed.indexOf(segment), 1);
    if (segment.kept) this.#keptBytes -= segment.sizeBytes;
  }

  /** Keeps the record in memory for the loader, up to a bound: a store that is away is read for from the files. */
  #keep(segment: OpenSegment, record: SegmentRecord, sizeBytes: number): void {
    if (!segment.isKept) return record.release?.();
    if (this.#keptBytes + sizeBytes <= keptSegmentsMaxBytes) {
      this.#kept.add(record);
      this.#keptBytes += sizeBytes;
    } else {
      this.#kept.drop();
      record.release?.();
      segment.isKept = false;
      this.#keptBytes -= segment.sizeBytes - sizeBytes;
    }
  }

  async #start(): Promise<OpenSegment> {
    const made = await this.#segmentFiles.take();
    const since = performance.now();
    this.#open = { ...made, sizeBytes: segmentHeaderBytes, rows: 0, since, isKept: true, isFailed: false };
    this.#keptBytes += segmentHeaderBytes;
    this.#segmentFiles.prepare(this.#lastSizeBytes);
    return this.#open;
  }

  /** Its file's size, unless it must not be written over; what fails here costs room on the disk, and no record. */
  async #end({ id, path, file, rows, sizeBytes, fileBytes, isFailed }: OpenSegment): Promise<number | undefined> {
    try {
      if (rows > 0 && !isFailed) await file.append([encodeSegmentEnd(id)]);
      await file.close();
      if (rows === 0) await this.#files.remove(path);
      return isFailed ? undefined : Math.max(fileBytes, sizeBytes + recordHeaderBytes);
    } catch (error) {
      this.#log.error({ path, error: String(error) }, "segment did not close");
      return undefined;
    }
  }

  /**
   * After a failed write or sync the state of the file beyond its durable end is unknown: it is cut there and
   * closed, and the next append starts a new file.
   */
  async #abandon(): Promise<void> {
    const segment = this.#open;
    if (!segment) return;
    segment.isFailed = true;
    try {
      await segment.file.truncate(segment.rows > 0 ? segment.sizeBytes : 0);
      // Its client sends it again: a power cut must not bring it back.
      await segment.file.sync();
    } catch (error) {
      this.#log.error({ path: segment.path, error: String(error) }, "a failed write could not be cut from its segment");
    }
    this.closeSegment();
  }

  /** They hold nothing, so that one which stays does no harm. */
  async #removeSpares(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#files.remove(join(this.dir, name)).catch((error: unknown) => {
        this.#log.warn({ name, error: String(error) }, "a file without use could not be removed");
      });
    }
  }

  /** What was left, in order. Only the last that was written may end in a torn write: the others were closed. */
  async #recoverAll(names: readonly string[], onLeft: WalOptions["onLeft"]): Promise<void> {
    let isLast = true;
    for (const name of names.toReversed()) {
      const content = await this.#recover(join(this.dir, name), isLast);
      if (!content) continue;
      isLast = false;
      for (const { requests } of content.records) onLeft?.(requests);
    }
  }

  /** What the file holds, unless no record in it was ever begun, or it cannot be read. */
  async #recover(path: string, isLast: boolean): Promise<SegmentContent | undefined> {
    const bytes = await this.#files.read(path).catch((error: unknown) => this.#setAside(path, UNREADABLE, error));
    if (bytes === undefined) return undefined;
    const content = decodeSegment(bytes, numberOf(basename(path)));
    const { wholeBytes, tailBytes, damagedBytes } = content;
    const rows = content.records.reduce((sum, record) => sum + record.rows, 0);
    const isTorn = tailBytes > 0 && damagedBytes === 0 && isLast;
    if (isTorn) {
      this.counts.tornTails += 1;
      this.#log.warn({ path, bytes: tailBytes }, "the end of a write that was cut short is left out");
    }
    if (rows === 0 && damagedBytes === 0 && (isTorn || tailBytes === 0)) {
      // Nothing in it was ever acknowledged.
      await this.#files.remove(path);
      return isTorn ? content : undefined;
    }
    if (rows === 0) {
      await this.#setAside(path, "segment is damaged; nothing in it is whole, and it was set aside");
      return content;
    }
    // Its last record may be here and not be durable yet: from now on it is this, or a repeat would be another.
    if (isLast && !content.isEnded && damagedBytes === 0) await this.#files.truncate(path, wholeBytes);
    const fileBytes = Promise.resolve(undefined);
    this.#closed.unshift({ path, sizeBytes: wholeBytes, rows, since: performance.now(), kept: undefined, fileBytes });
    return content;
  }

  async #setAside(path: string, message: string, cause?: unknown): Promise<undefined> {
    const target = join(this.#damagedDir, basename(path));
    this.counts.damagedSegments += 1;
    this.#log.error({ path: target, ...(cause instanceof Error && { error: cause.message }) }, message);
    await this.#files.rename(path, target).catch((error: NodeJS.ErrnoException) => {
      // Somebody removed it: there is nothing to keep.
      if (error.code !== "ENOENT") throw error;
    });
  }
}
