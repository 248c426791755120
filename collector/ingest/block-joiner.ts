/**
 * Joins the blocks of many commits into few: each block that the store reads costs it a millisecond or two before its
 * first row, and a commit has a few rows or a few thousand.
 */
import { BlockMemory, type BlockBytes } from "./block-memory.ts";
import { blockRowsMax } from "./limits.ts";
import { joinedValues, type JoinedValues } from "./joined-values.ts";
import { writeLowCardinalityVersion } from "./low-cardinality.ts";
import { NativeReader } from "./native-reader.ts";

const lowCardinalityVersionBytes = 8;

/** Of the rows of several blocks, in memory that is lent. */
export interface JoinedBlock extends BlockBytes {
  readonly rows: number;
}

interface JoinedColumn {
  readonly name: string;
  readonly type: string;
  readonly hasVersion: boolean;
  readonly values: JoinedValues;
  /** Rows of it that are set, to the default or by a block. */
  rows: number;
}

/** Takes blocks of {@link SpanBlock}, and makes larger ones of the same rows in the same order. */
export class BlockJoiner {
  readonly #columns = new Map<string, JoinedColumn>();
  readonly #memory = new BlockMemory();
  #rows = 0;
  #joined: JoinedBlock[] = [];

  /**
   * Copies the rows of one block, or of several that lie one behind another.
   *
   * @throws Error where these are none of ours; then {@link reset} is all that can be done
   */
  add(blocks: Uint8Array): void {
    const source = new NativeReader(blocks);
    while (source.position < blocks.length) this.#block(source);
  }

  /** The joined blocks of everything added since the last call. */
  finish(): JoinedBlock[] {
    if (this.#rows > 0) this.#end();
    const joined = this.#joined;
    this.#joined = [];
    return joined;
  }

  /** Forgets what was added since {@link finish}. */
  reset(): void {
    for (const { release } of this.#joined) release();
    this.#joined = [];
    this.#empty();
  }

  #block(source: NativeReader): void {
    const columns = source.varint();
    const rows = source.varint();
    if (this.#rows > 0 && this.#rows + rows > blockRowsMax) this.#end();
    for (let count = 0; count < columns; count += 1) {
      const column = this.#column(source.text(), source.text());
      if (column.hasVersion) source.take(lowCardinalityVersionBytes);
      column.values.skip(this.#rows - column.rows);
      column.values.read(source, rows);
      column.rows = this.#rows + rows;
    }
    this.#rows += rows;
  }

  #column(name: string, type: string): JoinedColumn {
    const known = this.#columns.get(name);
    if (known?.type === type) return known;
    if (known) throw new Error(`column ${name} is ${type} here and ${known.type} before`);
    const hasVersion = type.includes("LowCardinality(");
    const column: JoinedColumn = { name, type, hasVersion, values: joinedValues(type), rows: 0 };
    this.#columns.set(name, column);
    return column;
  }

  #end(): void {
    const { out } = this.#memory;
    // By name, so that equal rows make equal bytes in whichever commits they came.
    const used = [...this.#columns.values()].filter(({ rows }) => rows > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
    out.varint(used.length);
    out.varint(this.#rows);
    for (const { name, type, hasVersion, values, rows } of used) {
      values.skip(this.#rows - rows);
      out.text(name);
      out.text(type);
      if (hasVersion) writeLowCardinalityVersion(out);
      values.writeTo(out);
    }
    this.#joined.push({ ...this.#memory.finish(), rows: this.#rows });
    this.#empty();
  }

  #empty(): void {
    for (const column of this.#columns.values()) {
      if (column.rows > 0) column.values.reset();
      column.rows = 0;
    }
    this.#rows = 0;
  }
}
