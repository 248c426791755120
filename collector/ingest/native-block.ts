/** A block of rows in ClickHouse's Native format, out of columns that are filled elsewhere. */
import type { ByteBuffer } from "./byte-buffer.ts";
import type { Column } from "./native-columns.ts";

/** Appends `columns` of `rows` rows as one block; columns in which nothing was set are left out. */
export function writeBlock(out: ByteBuffer, columns: readonly Column[], rows: number): void {
  const used = columns.filter((column) => column.used);
  out.varint(used.length);
  out.varint(rows);
  for (const column of used) {
    out.text(column.name);
    out.text(column.type);
    column.writeTo(out, rows);
  }
}
