/** Attributes of a span into promoted columns, typed maps, or OTLP/JSON, without an object for any of them. */
import { MESSAGE_KEYS, MESSAGING_MESSAGE_ID, MESSAGING_SYSTEM } from "../../schema/attributes.ts";
import { OLDER_MESSAGE_ID } from "../../schema/older-names.ts";
import { KEYS_DERIVED, OWN_KEY_LEFT_OUT, PROMOTED_SPAN_COLUMNS } from "../store/span-columns.ts";
import { ByteBuffer, viewOf } from "./byte-buffer.ts";
import { Dictionary } from "./dictionary.ts";
import { VALUE_BYTES, writeAnyValue } from "./json-text.ts";
import { keyTableMax } from "./limits.ts";
import { MessageKeys, writeMessageKeyList } from "./message-keys.ts";
import { setSmall } from "./native-columns.ts";
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
  #follower = new Int32Array(keyTableMax * 2);
  #lastKey = 0;
  #messageKeysKey = 0;
  /** Where the message keys of the span begin. */
  #keysStart = 0;
  #systemKey = 0;
  #idKey = 0;
  #olderIdKey = 0;

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
    this.#follower = new Int32Array(keyTableMax * 2);
    this.#promotedOfKey = new Int16Array(keyTableMax * 2);
    const learn = (name: string) => {
      const bytes = Buffer.from(name);
      return this.#keys.lookup(viewOf(bytes), 0, bytes.length);
    };
    PROMOTED_SPAN_COLUMNS.forEach(({ attribute }, index) => {
      this.#promotedOfKey[learn(attribute)] = index + 1;
    });
    this.#messageKeysKey = learn(MESSAGE_KEYS);
    this.#systemKey = learn(MESSAGING_SYSTEM);
    this.#idKey = learn(MESSAGING_MESSAGE_ID);
    this.#olderIdKey = learn(OLDER_MESSAGE_ID);
  }

  /** Writes the KeyValue from `start` to before `end` into `row`; the reader's position is anywhere afterwards. */
  write(reader: ProtobufReader, start: number, end: number, row: number): void {
    const { bytes } = reader;
    // As every encoder writes it: a short key, then a short value, and nothing else.
    const keySize = bytes[start + 1] as number;
    const keyEnd = start + 2 + keySize;
    const valueStart = keyEnd + 2;
    if (
      valueStart + 1 < end &&
      end - valueStart < 0x80 &&
      keySize < 0x80 &&
      bytes[start] === 0x0a &&
      bytes[keyEnd] === 0x12 &&
      valueStart + (bytes[keyEnd + 1] as number) === end
    ) {
      const key = this.#key(reader.view, start + 2, keyEnd);
      if (bytes[valueStart] === TAG_STRING && valueStart + 2 + (bytes[valueStart + 1] as number) === end) {
        this.#string(reader.view, valueStart + 2, end, row, key, start + 2, keyEnd);
        return;
      }
      reader.position = valueStart;
      this.#valueWithin(reader, end, row, key, start + 2, keyEnd);
    } else this.#anyKeyValue(reader, start, end, row);
  }

  /** Members in any order, doubled or unknown. */
  #anyKeyValue(reader: ProtobufReader, start: number, end: number, row: number): void {
    const outerEnd = reader.end;
    reader.position = start;
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
    reader.end = outerEnd;
    reader.position = valueStart;
    this.#valueWithin(reader, valueEnd, row, this.#key(reader.view, keyStart, keyEnd), keyStart, keyEnd);
  }

  #valueWithin(
    reader: ProtobufReader,
    end: number,
    row: number,
    key: number,
    keyStart: number,
    keyEnd: number,
  ): void {
    const outerEnd = reader.end;
    reader.end = end;
    this.#value(reader, row, key, keyStart, keyEnd);
    reader.end = outerEnd;
  }

  /** The number of a key: most often the one that followed the same key in the span before. */
  #key(view: DataView, start: number, end: number): number {
    const last = this.#lastKey;
    const expected = this.#follower[last] as number;
    if (expected > 0 && this.#keys.is(expected, view, start, end)) {
      this.#lastKey = expected;
      return expected;
    }
    const key = this.#keys.lookup(view, start, end);
    this.#follower[last] = key;
    this.#lastKey = key;
    return key;
  }

  /** Starts the next span. */
  startSpan(): void {
    this.#lastKey = 0;
    this.#keysStart = this.#block.messageKeys.entries.length;
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
        key = this.#keys.lookup(reader.view, reader.position, keyEnd);
        reader.position = keyEnd;
      } else if (tag === 0x12) {
        valueEnd = reader.lengthEnd();
        valueStart = reader.position;
        reader.position = valueEnd;
      } else reader.skip(tag);
    }
    const isWanted = key === this.#systemKey || key === this.#idKey || key === this.#olderIdKey;
    if (isWanted && valueStart < valueEnd && bytes[valueStart] === TAG_STRING) {
      reader.position = valueStart + 1;
      reader.end = valueEnd;
      const stringEnd = reader.lengthEnd();
      if (key === this.#idKey) this.messageKeys.id(reader.position, stringEnd);
      else if (key === this.#olderIdKey) this.messageKeys.olderId(reader.position, stringEnd);
      else this.messageKeys.system(reader.position, stringEnd);
    }
    reader.position = start;
    reader.end = outerEnd;
  }

  #value(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const valueStart = reader.position;
    const tag = valueStart < reader.end ? reader.varint32() : 0;
    if (tag === TAG_STRING) {
      const end = reader.lengthEnd();
      if (end === reader.end) return this.#string(reader.view, reader.position, end, row, key, keyStart, keyEnd);
    } else if (tag === TAG_INT) {
      reader.varint64();
      if (reader.position === reader.end) return this.#int(reader, row, key, keyStart, keyEnd);
    } else if (tag === TAG_BOOL) {
      reader.varint64();
      if (reader.position === reader.end) return this.#bool(reader, row, key, keyStart, keyEnd);
    } else if (tag === TAG_DOUBLE) {
      reader.fixed64();
      if (reader.position === reader.end) return this.#double(reader, row, key, keyStart, keyEnd);
    } else if (tag === TAG_ARRAY && key === this.#messageKeysKey) {
      if (writeMessageKeyList(this.#block.messageKeys, reader, row)) return;
    }
    reader.position = valueStart;
    this.#lastMember(reader, row, key, keyStart, keyEnd);
  }

  /** The column of a key; undefined where it has none. */
  #promoted(key: number): PromotedWriter | undefined {
    const place = this.#promotedOfKey[key] as number;
    return place > 0 ? this.#block.promoted[place - 1] : undefined;
  }

  #string(
    view: DataView,
    start: number,
    end: number,
    row: number,
    key: number,
    keyStart: number,
    keyEnd: number,
  ): void {
    const promoted = this.#promoted(key);
    if (promoted && start < end) {
      if (promoted.type === "lowCardinality") {
        if (key === this.#systemKey) this.messageKeys.system(start, end);
        if (promoted.column.set(row, view, start, end)) return;
      } else if (promoted.type === "string" || promoted.type === "uuid") {
        if (key === this.#idKey) this.messageKeys.id(start, end);
        if (!promoted.column.has(row)) {
          if (!promoted.column.set(row, view, start, end)) this.repaired += 1;
          return;
        }
      }
    }
    if (key === this.#systemKey || key === this.#idKey) this.messageKeys.besideColumns = true;
    else if (key === this.#olderIdKey) this.messageKeys.olderId(start, end);
    const { stringMap } = this.#block;
    stringMap.addKey(row, key, view, keyStart, keyEnd);
    if (!stringMap.values.string(view, start, end)) this.repaired += 1;
  }

  #int(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const promoted = this.#promoted(key);
    const { low, high } = reader;
    if (promoted && setUnsigned(promoted, row, low, high)) return;
    const { intMap } = this.#block;
    intMap.addKey(row, key, reader.view, keyStart, keyEnd);
    intMap.values.u32(low);
    intMap.values.u32(high);
  }

  #bool(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const promoted = this.#promoted(key);
    const value = reader.low !== 0 || reader.high !== 0;
    if (promoted?.type === "bool" && promoted.column.values[row] === 0) {
      promoted.column.values[row] = value ? 2 : 1;
      promoted.column.used = true;
      return;
    }
    const { boolMap } = this.#block;
    boolMap.addKey(row, key, reader.view, keyStart, keyEnd);
    boolMap.values.byte(value ? 1 : 0);
  }

  #double(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const promoted = this.#promoted(key);
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
    doubleMap.addKey(row, key, reader.view, keyStart, keyEnd);
    doubleMap.values.raw(reader.view, end - 8, end);
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
    this.#block.jsonMap.addKey(row, key, reader.view, keyStart, keyEnd);
    this.#block.jsonMap.values.string(this.#json.view, 0, this.#json.length);
  }

  /**
   * Keys out of what was observed, where the span brought none itself and the store does not make the same. Of those
   * that it brought, the one that the store makes is left out where it comes first, as nearly always.
   */
  deriveMessageKeys(source: DataView, row: number): void {
    const { messageKeys, messageKeysForm } = this.#block;
    const { ids, ownInColumns } = this.messageKeys;
    if (ids === 0) return;
    if (messageKeys.lengths.counts[row] !== 0) {
      if (this.messageKeys.takeOwn(messageKeys, row, this.#keysStart, source)) {
        setSmall(messageKeysForm, row, OWN_KEY_LEFT_OUT);
      }
    } else if (ids > 1 || !ownInColumns) {
      this.messageKeys.writeTo(messageKeys, row, source);
      setSmall(messageKeysForm, row, KEYS_DERIVED + (ownInColumns ? OWN_KEY_LEFT_OUT : 0));
    }
  }
}
