/**
 * Joins the blocks of many commits into few: each block that the store reads costs it a millisecond or two before its
 * first row, and a commit has a few rows or a few thousand. The kernel reads them, into a memory of its own.
 */
import { BlockMemory, type BlockBytes } from "./block-memory.ts";
import { kernelDropped } from "./dropped-kernels.ts";
import { JoinedColumn } from "./joined-columns.ts";
import type { Place } from "./kernel-instance.ts";
import { KernelMemory } from "./kernel-memory.ts";
import { blockRowsMax, kernelMemoryKeptMaxBytes } from "./limits.ts";

/** What the kernel says of a block's columns: the numbers in kernel/joined.ts. */
const JOINS = { done: 0, newColumn: 1 } as const;

/** Of the rows of several blocks, in memory that is lent. */
export interface JoinedBlock extends BlockBytes {
  readonly rows: number;
}

/** Takes blocks of {@link SpanBlock}, and makes larger ones of the same rows in the same order. */
export class BlockJoiner {
  #kernel = new KernelMemory();
  readonly #columns = new Map<string, JoinedColumn>();
  #memory = new BlockMemory();
  #rows = 0;
  #joined: JoinedBlock[] = [];

  /**
   * Copies the rows of one block, or of several that lie one behind another.
   *
   * @throws Error where these are none of ours; then {@link reset} is all that can be done
   */
  add(blocks: Uint8Array): void {
    const kernel = this.#kernel;
    kernel.take(blocks);
    const end = kernel.request + blocks.length;
    for (let at = kernel.request; at < end; at = kernel.exports.joinedTo.value >>> 0) this.#block(at, end);
  }

  /** The joined blocks of everything added since the last call. */
  finish(): JoinedBlock[] {
    if (this.#rows > 0) this.#end();
    const joined = this.#joined;
    this.#joined = [];
    if (this.#kernel.sizeBytes > kernelMemoryKeptMaxBytes) this.#renew();
    return joined;
  }

  /** Forgets what was added since {@link finish}. */
  reset(): void {
    for (const { release } of this.#joined) release();
    this.#joined = [];
    this.#empty();
  }

  /** Nothing of it is kept but what was lent. */
  #renew(): void {
    this.#kernel = new KernelMemory();
    this.#memory = new BlockMemory();
    this.#columns.clear();
    kernelDropped();
  }

  #block(at: Place, end: Place): void {
    const { exports } = this.#kernel;
    const rows = exports.startBlock(at, end);
    if (rows < 0) throw new Error("bytes that are no Native block cannot be joined");
    if (this.#rows > 0 && this.#rows + rows > blockRowsMax) this.#end();
    let join = exports.joinColumns(this.#rows);
    while (join === JOINS.newColumn) {
      this.#newColumn(exports.joinedTo.value >>> 0);
      join = exports.joinColumns(this.#rows);
    }
    if (join !== JOINS.done) throw new Error("a Native block that is not whole cannot be joined");
    this.#rows += rows;
  }

  #newColumn(at: Place): void {
    const name = this.#text(at);
    const type = this.#text(name.end);
    const known = this.#columns.get(name.text);
    if (known) throw new Error(`column ${name.text} is ${type.text} here and ${known.type} before`);
    this.#columns.set(name.text, new JoinedColumn(this.#kernel, name.text, type.text));
  }

  /** A name or a type: no block of ours has one of more than 127 bytes. */
  #text(at: Place): { readonly text: string; readonly end: Place } {
    const { bytes } = this.#kernel;
    const end = at + 1 + (bytes[at] as number);
    return { text: Buffer.from(bytes.subarray(at + 1, end)).toString("latin1"), end };
  }

  #end(): void {
    const { out } = this.#memory;
    // By name, so that equal rows make equal bytes in whichever commits they came.
    const used = [...this.#columns.values()].filter((column) => column.used).sort((a, b) => (a.name < b.name ? -1 : 1));
    out.varint(used.length);
    out.varint(this.#rows);
    for (const column of used) column.writeTo(out, this.#rows);
    this.#joined.push({ ...this.#memory.finish(), rows: this.#rows });
    this.#empty();
  }

  #empty(): void {
    for (const column of this.#columns.values()) column.reset();
    this.#rows = 0;
  }
}
