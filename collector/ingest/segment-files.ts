/** The log's files, each with its header; under load the next is made beforehand, as a durable name takes its time. */
import { join } from "node:path";
import type { Log } from "../store/log.ts";
import { segmentName } from "./segment-names.ts";
import { encodeSegmentHeader, newSegmentId } from "./segment.ts";
import type { SpareFile, SpareFiles } from "./spare-files.ts";
import type { AppendFile, WalFiles } from "./wal-files.ts";

/** A file with a segment's header and no record of it. */
export interface SegmentFile {
  readonly id: string;
  readonly path: string;
  readonly file: AppendFile;
  /** Bytes that are there to be written over. */
  readonly fileBytes: number;
}

/** Where files are made, of which, and from which size of a segment on beforehand. */
export interface SegmentFilesOptions {
  readonly dir: string;
  readonly files: WalFiles;
  readonly spares: SpareFiles;
  readonly log: Log;
  readonly readyFromBytes: number;
}

/** Makes one file after another, named by rising numbers. */
export class SegmentFiles {
  readonly #options: SegmentFilesOptions;
  #nextNumber = 1;
  /** Undefined inside where it could not be made. */
  #ready: Promise<SegmentFile | undefined> | undefined;

  constructor(options: SegmentFilesOptions) {
    this.#options = options;
  }

  /** A file with that number is there already. */
  skip(number: number): void {
    this.#nextNumber = number + 1;
  }

  /**
   * The file that was made beforehand, or one that is made now.
   *
   * @throws what the disk answered
   */
  async take(): Promise<SegmentFile> {
    const ready = await this.#ready;
    this.#ready = undefined;
    return ready ?? (await this.#make());
  }

  /**
   * Makes the next file ready where the last segment was large, or a file is there to be written over, which takes no
   * room: nobody waits for that until it is needed.
   */
  prepare(lastSizeBytes: number): void {
    const { readyFromBytes, spares } = this.#options;
    if (lastSizeBytes >= readyFromBytes || spares.count > 0) this.#ready = this.#makeReady();
  }

  /** Removes what was made and not taken. */
  async discardReady(): Promise<void> {
    const making = this.#ready;
    // Whoever takes one from now on gets another.
    this.#ready = undefined;
    const ready = await making;
    if (ready) await this.#discard(ready.file, ready.path);
  }

  async #make(): Promise<SegmentFile> {
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const path = join(this.#options.dir, segmentName(number));
    const spare = this.#options.spares.take();
    return spare ? this.#reuse(spare, path, newSegmentId(number)) : this.#create(path, newSegmentId(number));
  }

  async #create(path: string, id: string): Promise<SegmentFile> {
    return { id, path, file: await this.#options.files.create(path, encodeSegmentHeader(id)), fileBytes: 0 };
  }

  /** No segment's name is ever that of a file with another's header: the header is durable before the name is given. */
  async #reuse(spare: SpareFile, path: string, id: string): Promise<SegmentFile> {
    let file: AppendFile | undefined;
    try {
      file = await this.#options.files.reuse(spare.path);
      await file.append([encodeSegmentHeader(id)]);
      await file.sync();
      await this.#options.files.rename(spare.path, path);
      return { id, path, file, fileBytes: spare.sizeBytes };
    } catch (error) {
      await this.#discard(file, spare.path, path);
      throw error;
    }
  }

  /** Never rejects: what fails here is tried again, and told, when the file is needed. */
  async #makeReady(): Promise<SegmentFile | undefined> {
    try {
      return await this.#make();
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, "the next segment's file could not be made beforehand");
      return undefined;
    }
  }

  /** Nothing in it was acknowledged: where it cannot be removed, the next start does. */
  async #discard(file: AppendFile | undefined, ...paths: readonly string[]): Promise<void> {
    await file?.close().catch(() => undefined);
    for (const path of paths) await this.#options.files.remove(path).catch(() => undefined);
  }
}
