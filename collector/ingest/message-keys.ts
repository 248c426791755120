/** Identities of messages, `<system>:<id>`, gathered from a span, its links and its events. */
import { MESSAGE_KEYS_MAX } from "../../schema/attributes.ts";
import { canonicalSystem } from "../../schema/message-systems.ts";
import { ByteBuffer, viewOf } from "./byte-buffer.ts";
import { Dictionary } from "./dictionary.ts";
import type { ArrayColumn } from "./native-arrays.ts";
import type { ProtobufReader } from "./protobuf.ts";

/** Spellings remembered at a time. */
const spellingsMax = 256;

/** What one span, and then each of its links and events, says about messages: places in the request's bytes. */
export class MessageKeys {
  /** Ids seen since {@link clear}. */
  ids = 0;
  /** Whether the span has a system or an id of a message that is not in the column for it. */
  besideColumns = false;
  readonly #key = new ByteBuffer();
  readonly #spellings = new Dictionary();
  readonly #prefixes: (DataView | undefined)[] = [];
  /** Four numbers an id: start and end of the system and of the id. */
  readonly #places = new Uint32Array(MESSAGE_KEYS_MAX * 4);
  #systemStart = 0;
  #systemEnd = 0;
  #spanSystemStart = 0;
  #spanSystemEnd = 0;
  #idStart = 0;
  #idEnd = 0;
  #spanIds = 0;

  /** Starts the next span. */
  clear(): void {
    this.ids = 0;
    this.besideColumns = false;
    this.#spanIds = 0;
    this.#systemStart = this.#systemEnd = 0;
    this.#spanSystemStart = this.#spanSystemEnd = 0;
    this.#idStart = this.#idEnd = 0;
  }

  system(start: number, end: number): void {
    this.#systemStart = start;
    this.#systemEnd = end;
  }

  id(start: number, end: number): void {
    this.#idStart = start;
    this.#idEnd = end;
  }

  /** An id under the name that it had before: only where there is none under today's. */
  olderId(start: number, end: number): void {
    if (this.#idEnd > this.#idStart) return;
    this.besideColumns = true;
    this.id(start, end);
  }

  /** The attributes of the span itself are complete: its system holds for links and events that name none. */
  endSpan(): void {
    this.#spanSystemStart = this.#systemStart;
    this.#spanSystemEnd = this.#systemEnd;
    this.endItem();
    this.#spanIds = this.ids;
  }

  /** Whether the span has a key that the store makes of the columns for system and id: then it is the first. */
  get ownInColumns(): boolean {
    return this.#spanIds === 1 && this.#spanSystemEnd > this.#spanSystemStart && !this.besideColumns;
  }

  /** A link or an event is complete. */
  endItem(): void {
    if (this.#idEnd > this.#idStart && this.ids < MESSAGE_KEYS_MAX) {
      const at = this.ids * 4;
      this.#places[at] = this.#systemStart;
      this.#places[at + 1] = this.#systemEnd;
      this.#places[at + 2] = this.#idStart;
      this.#places[at + 3] = this.#idEnd;
      this.ids += 1;
    }
    this.#systemStart = this.#systemEnd = 0;
    this.#idStart = this.#idEnd = 0;
  }

  /** Appends the keys to `row`, without the one {@link ownInColumns}; an id without a system anywhere makes none. */
  writeTo(column: ArrayColumn, row: number, source: DataView): void {
    for (let index = this.ownInColumns ? 1 : 0; index < this.ids; index += 1) {
      if (!this.#makeKey(index, source)) continue;
      column.entries.string(this.#key.view, 0, this.#key.length);
      column.lengths.add(row);
    }
  }

  /**
   * Takes the key {@link ownInColumns} out of the list that `row`, the last one, has in the column from `start` on.
   * False, and nothing done, where that list does not begin with it.
   */
  takeOwn({ entries, lengths }: ArrayColumn, row: number, start: number, source: DataView): boolean {
    if (!this.ownInColumns || !this.#makeKey(0, source)) return false;
    const { bytes, length: size } = this.#key;
    const end = start + 1 + size;
    const isFirst = size < 0x80 && entries.bytes[start] === size;
    if (!isFirst || entries.bytes.compare(bytes, 0, size, start + 1, end) !== 0) return false;
    entries.bytes.copyWithin(start, end, entries.length);
    entries.length -= 1 + size;
    lengths.remove(row);
    return true;
  }

  /** Makes the key of the id with this number; false where its system is not known. */
  #makeKey(index: number, source: DataView): boolean {
    const places = this.#places;
    const at = index * 4;
    let systemStart = places[at] as number;
    let systemEnd = places[at + 1] as number;
    if (systemEnd === systemStart) {
      systemStart = this.#spanSystemStart;
      systemEnd = this.#spanSystemEnd;
    }
    if (systemEnd === systemStart) return false;
    const prefix = this.#prefix(source, systemStart, systemEnd);
    this.#key.length = 0;
    this.#key.raw(prefix, 0, prefix.byteLength);
    this.#key.raw(source, places[at + 2] as number, places[at + 3] as number);
    return true;
  }

  /** `<system>:` in its canonical spelling, worked out once a spelling. */
  #prefix(source: DataView, start: number, end: number): DataView {
    if (this.#spellings.count > spellingsMax) {
      this.#spellings.reset();
      this.#prefixes.length = 0;
    }
    const spelling = this.#spellings.lookup(source, start, end);
    const known = this.#prefixes[spelling];
    if (known) return known;
    const system = Buffer.from(source.buffer, source.byteOffset + start, end - start).toString();
    const prefix = viewOf(Buffer.from(`${canonicalSystem(system)}:`));
    this.#prefixes[spelling] = prefix;
    return prefix;
  }
}

/**
 * The value of the attribute `hopscope.message.keys`, whose ArrayValue the reader stands at. False, and nothing
 * written, where it is no list of strings alone, or the row has keys already.
 */
export function writeMessageKeyList(column: ArrayColumn, reader: ProtobufReader, row: number): boolean {
  const { entries, lengths } = column;
  if (lengths.counts[row] !== 0) return false;
  const listEnd = reader.lengthEnd();
  if (listEnd !== reader.end || reader.position === listEnd) return false;
  const { length } = entries;
  const { total } = lengths;
  while (reader.position < listEnd) {
    const itemEnd = lengths.total - total < MESSAGE_KEYS_MAX ? stringValueEnd(reader) : -1;
    if (itemEnd < 0) {
      entries.length = length;
      lengths.total = total;
      lengths.counts[row] = 0;
      return false;
    }
    entries.string(reader.view, reader.position, itemEnd);
    lengths.add(row);
    reader.position = itemEnd;
  }
  return true;
}

/** Where the string of the AnyValue that comes next ends, at whose start the reader then is; -1 where it is none. */
function stringValueEnd(reader: ProtobufReader): number {
  if (reader.varint32() !== 0x0a) return -1;
  const itemEnd = reader.lengthEnd();
  if (reader.position === itemEnd || reader.bytes[reader.position] !== 0x0a) return -1;
  reader.position += 1;
  return reader.lengthEnd() === itemEnd ? itemEnd : -1;
}
