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
import { decodeSegment, encodeRecord, segmentHeaderBytes, type SegmentContent, type SegmentRecord } from "./segment.ts";
import { diskFiles, type WalFiles } from "./wal-files.ts";

const SEGMENT_NAME = /^\d{16}\.seg$/;
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
}

interface OpenSegment extends SegmentFile {
  /** Bytes known to be durable. */
  sizeBytes: number;
  rows: number;
  readonly since: number;
  /** Whether every record so far is kept in memory; false once these are too much. */
  isKept: boolean;
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
    this.#segmentFiles = new SegmentFiles({ dir, files, log, readyFromBytes: readyFrom });
  }

  /** Opens the log; what was left waits in {@link first}, oldest first. Torn tails are cut. */
  static async open(options: WalOptions): Promise<Wal> {
    const wal = new Wal(options);
    await wal.#files.makeDir(wal.dir);
    await wal.#files.makeDir(wal.#damagedDir);
    const left = segmentsOf(await wal.#files.list(wal.dir));
    // What is set aside keeps its name, which no other may get.
    const aside = segmentsOf(await wal.#files.list(wal.#damagedDir));
    wal.#segmentFiles.skip(Math.max(0, ...[...left, ...aside].map((name) => Number.parseInt(name, 10))));
    for (const name of left) await wal.#recover(join(wal.dir, name), options.onLeft);
    return wal;
  }

  /** Bytes not yet in the store. */
  get sizeBytes(): number {
    return this.#closed.reduce((sum, segment) => sum + segment.sizeBytes, this.#open?.sizeBytes ?? 0);
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
    const parts = encodeRecord(record);
    const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
    try {
      const segment = (this.#open ??= await this.#start());
      await segment.file.append(parts);
      await segment.file.sync();
      segment.sizeBytes += size;
      segment.rows += record.rows;
      this.#keep(segment, record, size);
    } catch (error) {
      this.counts.appendErrors += 1;
      await this.#abandon();
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
    this.#ending = Promise.all([this.#ending, this.#end(segment)]);
    const records = this.#kept.take();
    const kept = isKept ? { id, records, wholeBytes: sizeBytes, damagedBytes: 0, tailBytes: 0 } : undefined;
    if (rows > 0) {
      this.#closed.push({ path, sizeBytes, rows, since, kept });
      this.#lastSizeBytes = sizeBytes;
    } else this.#keptBytes -= sizeBytes;
  }

  /** Closes the open segment and the files, of which only those of closed segments stay. */
  async close(): Promise<void> {
    this.closeSegment();
    await this.#segmentFiles.close();
    await this.#ending;
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
    const content = decodeSegment(await this.#files.read(segment.path));
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

  /** A segment is in the store: it goes, or is kept in `damaged/` where part of it could not be read. */
  async finish(segment: ClosedSegment, { damaged }: { readonly damaged: boolean }): Promise<void> {
    if (damaged) await this.#setAside(segment.path, "segment is damaged; it was set aside, and what is whole in it is loaded");
    else await this.#files.remove(segment.path);
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
    this.#open = { ...made, sizeBytes: segmentHeaderBytes, rows: 0, since: performance.now(), isKept: true };
    this.#keptBytes += segmentHeaderBytes;
    this.#segmentFiles.prepare(this.#lastSizeBytes);
    return this.#open;
  }

  /** What fails here costs room on the disk, and no record. */
  async #end({ path, file, rows }: OpenSegment): Promise<void> {
    try {
      await file.close();
      if (rows === 0) await this.#files.remove(path);
    } catch (error) {
      this.#log.error({ path, error: String(error) }, "segment did not close");
    }
  }

  /**
   * After a failed write or sync the state of the file beyond its durable end is unknown: it is cut there and
   * closed, and the next append starts a new file.
   */
  async #abandon(): Promise<void> {
    const segment = this.#open;
    if (!segment) return;
    try {
      await segment.file.truncate(segment.rows > 0 ? segment.sizeBytes : 0);
      // Its client sends it again: a power cut must not bring it back.
      await segment.file.sync();
    } catch (error) {
      this.#log.error({ path: segment.path, error: String(error) }, "a failed write could not be cut from its segment");
    }
    this.closeSegment();
  }

  async #recover(path: string, onLeft: WalOptions["onLeft"]): Promise<void> {
    const bytes = await this.#files.read(path).catch((error: unknown) => this.#setAside(path, UNREADABLE, error));
    if (bytes === undefined) return;
    const content = decodeSegment(bytes);
    const rows = content.records.reduce((sum, record) => sum + record.rows, 0);
    const torn = content.tailBytes > 0 && content.damagedBytes === 0 && content.id !== "";
    if (torn) this.#log.warn({ path, bytes: content.tailBytes }, "the end of a write that was cut short is left out");
    const isUnused = content.id !== "" && content.tailBytes === 0 && content.damagedBytes === 0;
    if (rows === 0 && (torn || isUnused || bytes.length <= segmentHeaderBytes)) {
      // Nothing in it was ever acknowledged.
      if (bytes.length > 0 && !isUnused) this.counts.tornTails += 1;
      await this.#files.remove(path);
      return;
    }
    if (torn) {
      this.counts.tornTails += 1;
      await this.#files.truncate(path, content.wholeBytes);
    }
    if (rows === 0) await this.#setAside(path, "segment is damaged; nothing in it is whole, and it was set aside");
    else this.#closed.push({ path, sizeBytes: content.wholeBytes, rows, since: performance.now(), kept: undefined });
    for (const { requests } of content.records) onLeft?.(requests);
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

function segmentsOf(names: readonly string[]): string[] {
  return names.filter((name) => SEGMENT_NAME.test(name));
}
