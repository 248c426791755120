/** The log's files, each with its header; under load the next is made beforehand, as a durable name takes its time. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Log } from "../store/log.ts";
import { encodeSegmentHeader } from "./segment.ts";
import type { AppendFile, WalFiles } from "./wal-files.ts";

/** A file with a segment's header and no record. */
export interface SegmentFile {
  readonly id: string;
  readonly path: string;
  readonly file: AppendFile;
}

/** Where files are made, and from which size of a segment on beforehand. */
export interface SegmentFilesOptions {
  readonly dir: string;
  readonly files: WalFiles;
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
    return ready ?? (await this.#create());
  }

  /** Makes the next file ready where the last segment was large: nobody waits for that until it is needed. */
  prepare(lastSizeBytes: number): void {
    if (lastSizeBytes >= this.#options.readyFromBytes) this.#ready = this.#makeReady();
  }

  /** Removes what was made and not taken. */
  async close(): Promise<void> {
    const ready = await this.#ready;
    this.#ready = undefined;
    if (ready) await this.#discard(ready);
  }

  async #create(): Promise<SegmentFile> {
    const { dir, files } = this.#options;
    const path = join(dir, `${String(this.#nextNumber).padStart(16, "0")}.seg`);
    this.#nextNumber += 1;
    const made = { id: randomBytes(16).toString("hex"), path, file: await files.create(path) };
    try {
      await made.file.append([encodeSegmentHeader(made.id)]);
      return made;
    } catch (error) {
      await this.#discard(made);
      throw error;
    }
  }

  /** Never rejects: what fails here is tried again, and told, when the file is needed. */
  async #makeReady(): Promise<SegmentFile | undefined> {
    try {
      return await this.#create();
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, "the next segment's file could not be made beforehand");
      return undefined;
    }
  }

  /** Nothing in it was acknowledged: where it cannot be removed, the next start does. */
  async #discard({ path, file }: SegmentFile): Promise<void> {
    await file.close().catch(() => undefined);
    await this.#options.files.remove(path).catch(() => undefined);
  }
}
