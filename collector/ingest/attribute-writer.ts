/** Attributes of a span into promoted columns, typed maps, or OTLP/JSON, without an object for any of them. */
import { MESSAGE_KEYS, MESSAGING_MESSAGE_ID, MESSAGING_SYSTEM } from "../../schema/attributes.ts";
import { PROMOTED_SPAN_COLUMNS } from "../store/span-columns.ts";
import { ByteBuffer, sourceOf, type Source } from "./byte-buffer.ts";
import { Dictionary } from "./dictionary.ts";
import { VALUE_BYTES, writeAnyValue } from "./json-text.ts";
import { keyTableMax } from "./limits.ts";
import { MessageKeys, writeMessageKeyList } from "./message-keys.ts";
import { readDouble, setUnsigned } from "./promoted-value.ts";
import { skipUnknown, type ProtobufReader } from "./protobuf.ts";
import type { PromotedWriter, SpanBlock } from "./span-block.ts";

const TAG_STRING = 0x0a;
const TAG_BOOL = 0x10;
const TAG_INT = 0x18;
const TAG_DOUBLE = 0x21;
const TAG_ARRAY = 0x2a;

/** Writes the attributes of one span after another into a block. */
export class AttributeWriter {
  readonly messageKeys = new MessageKeys();
  /** Strings that were not UTF-8 and were repaired. */
  repaired = 0;
  readonly #block: SpanBlock;
  readonly #keys = new Dictionary();
  readonly #json = new ByteBuffer();
  /** By number of key: its place in `block.promoted`, one more; 0 where it has none. */
  #promotedOfKey = new Int16Array(keyTableMax * 2);
  /** By number of key: the key that came after it the last time; 0 stands for the start of a span. */
  #follower: number[] = [];
  #lastKey = 0;
  #messageKeysKey = 0;
  #systemKey = 0;
  #idKey = 0;

  constructor(block: SpanBlock) {
    this.#block = block;
    this.#learnNames();
  }

  /** Whether so many keys were seen that {@link forget} should be called, once the block is empty. */
  get full(): boolean {
    return this.#keys.count > keyTableMax;
  }

  /** Forgets the keys seen; their numbers are given anew, so no row of a block may rest on the old ones. */
  forget(): void {
    this.#keys.reset();
    this.#learnNames();
  }

  #learnNames(): void {
    this.#follower = [];
    this.#promotedOfKey = new Int16Array(keyTableMax * 2);
    const learn = (name: string) => {
      const bytes = Buffer.from(name);
      return this.#keys.lookup(sourceOf(bytes), 0, bytes.length);
    };
    PROMOTED_SPAN_COLUMNS.forEach(({ attribute }, index) => {
      this.#promotedOfKey[learn(attribute)] = index + 1;
    });
    this.#messageKeysKey = learn(MESSAGE_KEYS);
    this.#systemKey = learn(MESSAGING_SYSTEM);
    this.#idKey = learn(MESSAGING_MESSAGE_ID);
  }

  /** Writes the KeyValue at the reader's position, which ends at `end`, into `row`. */
  write(reader: ProtobufReader, end: number, row: number): void {
    const { bytes } = reader;
    const outerEnd = reader.end;
    const start = reader.position;
    // As every encoder writes it: a short key, then the value, and nothing else.
    const shortKeyEnd = start + 2 + (bytes[start + 1] as number);
    const shortValueStart = shortKeyEnd + 2;
    if (
      bytes[start] === 0x0a &&
      shortValueStart <= end &&
      shortKeyEnd - start < 0x82 &&
      bytes[shortKeyEnd] === 0x12 &&
      shortValueStart + (bytes[shortKeyEnd + 1] as number) === end &&
      end - shortValueStart < 0x80
    ) {
      reader.position = shortValueStart;
      reader.end = end;
      this.#value(reader, row, this.#key(reader, start + 2, shortKeyEnd), start + 2, shortKeyEnd);
      reader.position = end;
      reader.end = outerEnd;
      return;
    }
    reader.end = end;
    let keyStart = end;
    let keyEnd = end;
    let valueStart = end;
    let valueEnd = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag === 0x0a) {
        keyEnd = reader.lengthEnd();
        keyStart = reader.position;
        reader.position = keyEnd;
      } else if (tag === 0x12) {
        valueEnd = reader.lengthEnd();
        valueStart = reader.position;
        reader.position = valueEnd;
      } else skipUnknown(reader, tag, 2, "KeyValue");
    }
    reader.position = valueStart;
    reader.end = valueEnd;
    this.#value(reader, row, this.#key(reader, keyStart, keyEnd), keyStart, keyEnd);
    reader.position = end;
    reader.end = outerEnd;
  }

  /** The number of a key: most often the one that followed the same key in the span before. */
  #key(reader: ProtobufReader, start: number, end: number): number {
    const expected = this.#follower[this.#lastKey] ?? 0;
    if (expected > 0 && this.#keys.is(expected, reader, start, end)) {
      this.#lastKey = expected;
      return expected;
    }
    const key = this.#keys.lookup(reader, start, end);
    this.#follower[this.#lastKey] = key;
    this.#lastKey = key;
    return key;
  }

  /** Starts the next span. */
  startSpan(): void {
    this.#lastKey = 0;
    this.messageKeys.clear();
  }

  /** Takes the message's system and id out of the KeyValue of a link or an event, for {@link messageKeys}. */
  observe(reader: ProtobufReader, end: number): void {
    const { bytes, position: start, end: outerEnd } = reader;
    reader.end = end;
    let key = 0;
    let valueStart = end;
    let valueEnd = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag === 0x0a) {
        const keyEnd = reader.lengthEnd();
        key = this.#keys.lookup(reader, reader.position, keyEnd);
        reader.position = keyEnd;
      } else if (tag === 0x12) {
        valueEnd = reader.lengthEnd();
        valueStart = reader.position;
        reader.position = valueEnd;
      } else reader.skip(tag);
    }
    if ((key === this.#systemKey || key === this.#idKey) && valueStart < valueEnd && bytes[valueStart] === TAG_STRING) {
      reader.position = valueStart + 1;
      reader.end = valueEnd;
      const stringEnd = reader.lengthEnd();
      if (key === this.#idKey) this.messageKeys.id(reader.position, stringEnd);
      else this.messageKeys.system(reader.position, stringEnd);
    }
    reader.position = start;
    reader.end = outerEnd;
  }

  #value(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const valueStart = reader.position;
    const tag = valueStart < reader.end ? reader.varint32() : 0;
    const place = this.#promotedOfKey[key];
    const promoted = place ? this.#block.promoted[place - 1] : undefined;
    if (tag === TAG_STRING) {
      const end = reader.lengthEnd();
      if (end === reader.end) return this.#string(reader, row, key, keyStart, keyEnd, promoted);
    } else if (tag === TAG_INT) {
      reader.varint64();
      if (reader.position === reader.end) return this.#int(reader, row, key, keyStart, keyEnd, promoted);
    } else if (tag === TAG_BOOL) {
      reader.varint64();
      if (reader.position === reader.end) return this.#bool(reader, row, key, keyStart, keyEnd, promoted);
    } else if (tag === TAG_DOUBLE) {
      reader.fixed64();
      if (reader.position === reader.end) return this.#double(reader, row, key, keyStart, keyEnd, promoted);
    } else if (tag === TAG_ARRAY && key === this.#messageKeysKey) {
      if (writeMessageKeyList(this.#block.messageKeys, reader, row)) return;
    }
    reader.position = valueStart;
    this.#lastMember(reader, row, key, keyStart, keyEnd);
  }

  #string(
    reader: ProtobufReader,
    row: number,
    key: number,
    keyStart: number,
    keyEnd: number,
    promoted: PromotedWriter | undefined,
  ): void {
    const { position: start, end } = reader;
    if (key === this.#systemKey) this.messageKeys.system(start, end);
    else if (key === this.#idKey) this.messageKeys.id(start, end);
    if (promoted && start < end) {
      if (promoted.type === "lowCardinality") {
        const { indexes, dictionary } = promoted.column;
        if (indexes[row] === 0) {
          indexes[row] = dictionary.lookup(reader, start, end);
          return;
        }
      } else if (promoted.type === "string" && !promoted.column.has(row)) {
        if (!promoted.column.set(row, reader, start, end)) this.repaired += 1;
        return;
      }
    }
    const { stringMap } = this.#block;
    stringMap.addKey(row, key, reader, keyStart, keyEnd);
    if (!stringMap.values.string(reader, start, end)) this.repaired += 1;
  }

  #int(
    reader: ProtobufReader,
    row: number,
    key: number,
    keyStart: number,
    keyEnd: number,
    promoted: PromotedWriter | undefined,
  ): void {
    const { low, high } = reader;
    if (promoted && setUnsigned(promoted, row, low, high)) return;
    const { intMap } = this.#block;
    intMap.addKey(row, key, reader, keyStart, keyEnd);
    intMap.values.u32(low);
    intMap.values.u32(high);
  }

  #bool(
    reader: ProtobufReader,
    row: number,
    key: number,
    keyStart: number,
    keyEnd: number,
    promoted: PromotedWriter | undefined,
  ): void {
    const value = reader.low !== 0 || reader.high !== 0;
    if (promoted?.type === "bool" && promoted.column.values[row] === 0) {
      promoted.column.values[row] = value ? 2 : 1;
      promoted.column.used = true;
      return;
    }
    const { boolMap } = this.#block;
    boolMap.addKey(row, key, reader, keyStart, keyEnd);
    boolMap.values.byte(value ? 1 : 0);
  }

  #double(
    reader: ProtobufReader,
    row: number,
    key: number,
    keyStart: number,
    keyEnd: number,
    promoted: PromotedWriter | undefined,
  ): void {
    const { position: end } = reader;
    if (promoted?.type === "float64" && promoted.column.values[row] === 0) {
      const value = readDouble(reader.low, reader.high);
      if (value !== 0) {
        promoted.column.values[row] = value;
        promoted.column.used = true;
        return;
      }
    }
    const { doubleMap } = this.#block;
    doubleMap.addKey(row, key, reader, keyStart, keyEnd);
    doubleMap.values.raw(reader, end - 8, end);
  }

  /** Arrays, maps, bytes and empty values, and values with several members, of which the last counts. */
  #lastMember(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const { end } = reader;
    const first = reader.position;
    let last = first;
    let members = 0;
    while (reader.position < end) {
      const at = reader.position;
      const tag = reader.varint32();
      if (tag >>> 3 >= 1 && tag >>> 3 <= VALUE_BYTES) {
        last = at;
        members += 1;
      }
      reader.skip(tag);
    }
    reader.position = last;
    if (members > 1) return this.#value(reader, row, key, keyStart, keyEnd);
    this.#json.length = 0;
    reader.position = first;
    writeAnyValue(this.#json, reader, end, 0);
    this.#block.jsonMap.addKey(row, key, reader, keyStart, keyEnd);
    this.#block.jsonMap.values.string(this.#json, 0, this.#json.length);
  }

  /** Keys out of what was observed, where the span brought none itself. */
  deriveMessageKeys(source: Source, row: number): void {
    const { messageKeys, messageKeysDerived } = this.#block;
    if (this.messageKeys.ids === 0) return;
    if (messageKeys.lengths.counts[row] === 0) {
      this.messageKeys.writeTo(messageKeys, row, source);
      messageKeysDerived.values[row] = 1;
      messageKeysDerived.used = true;
    }
  }
}
