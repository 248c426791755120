/**
 * Attributes of a span into promoted columns, typed maps, or OTLP/JSON, without an object for any of them: those that
 * the kernel leaves, in any form that protobuf allows.
 */
import { MESSAGE_KEYS, MESSAGING_MESSAGE_ID, MESSAGING_SYSTEM } from "../../schema/attributes.ts";
import { OLDER_MESSAGE_ID } from "../../schema/older-names.ts";
import { KEYS_DERIVED, OWN_KEY_LEFT_OUT, PROMOTED_SPAN_COLUMNS } from "../store/span-columns.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { VALUE_BYTES, writeAnyValue } from "./json-text.ts";
import { entryCount } from "./kernel-values.ts";
import { keyTableMax } from "./limits.ts";
import { MessageKeys, writeMessageKeyList } from "./message-keys.ts";
import { setSmall } from "./native-columns.ts";
import { readDouble, setUnsigned } from "./promoted-value.ts";
import { skipUnknown, type ProtobufReader } from "./protobuf.ts";
import { COLUMN_KINDS, type PromotedWriter, type SpanBlock } from "./span-block.ts";
import type { SpanKernel } from "./span-kernel.ts";

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
  readonly #kernel: SpanKernel;
  readonly #json = new ByteBuffer();
  /** By number of key. */
  readonly #promotedOfKey = new Map<number, PromotedWriter>();
  #messageKeysKey = 0;
  /** Where the message keys of the span begin. */
  #keysStart = 0;
  #systemKey = 0;
  #idKey = 0;
  #olderIdKey = 0;

  constructor(block: SpanBlock) {
    this.#block = block;
    this.#kernel = block.kernel;
    this.#learnNames();
  }

  /** Whether so many keys were seen that {@link forget} should be called, once the block is empty. */
  get full(): boolean {
    return entryCount(this.#kernel, this.#kernel.exports.keys.value) > keyTableMax;
  }

  /** Forgets the keys seen; their numbers are given anew, so no row of a block may rest on the old ones. */
  forget(): void {
    this.#kernel.exports.forgetKeys();
    this.#learnNames();
  }

  #learnNames(): void {
    const { exports } = this.#kernel;
    const learn = (name: string) => {
      const bytes = Buffer.from(name);
      return exports.lookup(exports.keys.value, this.#kernel.scratch(bytes), bytes.length);
    };
    this.#promotedOfKey.clear();
    PROMOTED_SPAN_COLUMNS.forEach(({ attribute }, index) => {
      const writer = this.#block.promoted[index] as PromotedWriter;
      const key = learn(attribute);
      this.#promotedOfKey.set(key, writer);
      exports.setColumnOfKey(key, COLUMN_KINDS[writer.type], writer.column.place);
    });
    this.#messageKeysKey = learn(MESSAGE_KEYS);
    this.#systemKey = learn(MESSAGING_SYSTEM);
    this.#idKey = learn(MESSAGING_MESSAGE_ID);
    this.#olderIdKey = learn(OLDER_MESSAGE_ID);
    exports.setMessageKeys(this.#systemKey, this.#idKey, this.#olderIdKey);
  }

  /** Writes the KeyValue at the reader's position, which ends at `end`: members in any order, doubled or unknown. */
  write(reader: ProtobufReader, end: number, row: number): void {
    const outerEnd = reader.end;
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
    this.#value(reader, row, this.#key(keyStart, keyEnd), keyStart, keyEnd);
    reader.end = outerEnd;
  }

  /** The number of a key. */
  #key(start: number, end: number): number {
    const { exports, request } = this.#kernel;
    const predicted = exports.numberOfKey(this.#kernel.state("lastKey"), request + start, end - start);
    const key = predicted >= 0 ? predicted : this.#kernel.lookup(exports.keys.value, start, end);
    this.#kernel.setState("lastKey", key);
    return key;
  }

  /** Starts the next span of which this half writes anything. */
  startSpan(): void {
    this.#keysStart = this.#block.messageKeys.entries.length;
    this.messageKeys.clear();
  }

  /** Ends the span, but for its events and links: what both halves saw of messages is known. */
  endSpan(): void {
    const { messageKeys } = this;
    messageKeys.system(this.#kernel.state("systemStart"), this.#kernel.state("systemEnd"));
    messageKeys.id(this.#kernel.state("idStart"), this.#kernel.state("idEnd"));
    messageKeys.besideColumns = this.#kernel.state("besideColumns") !== 0;
    messageKeys.endSpan();
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
        key = this.#kernel.lookup(this.#kernel.exports.keys.value, reader.position, keyEnd);
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
      if (end === reader.end) return this.#string(reader.position, end, row, key, keyStart, keyEnd);
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

  #string(start: number, end: number, row: number, key: number, keyStart: number, keyEnd: number): void {
    const promoted = this.#promotedOfKey.get(key);
    if (promoted && start < end) {
      if (promoted.type === "lowCardinality") {
        if (key === this.#systemKey) this.#note("systemStart", "systemEnd", start, end);
        if (!promoted.column.has(row)) {
          promoted.column.set(row, start, end);
          return;
        }
      } else if (promoted.type === "string" || promoted.type === "uuid") {
        if (key === this.#idKey) this.#note("idStart", "idEnd", start, end);
        if (!promoted.column.has(row)) {
          if (!promoted.column.set(row, start, end)) this.repaired += 1;
          return;
        }
      }
    }
    if (key === this.#systemKey || key === this.#idKey) this.#kernel.setState("besideColumns", 1);
    else if (key === this.#olderIdKey) this.#noteOlderId(start, end);
    const { stringMap } = this.#block;
    stringMap.addKey(row, key, keyStart, keyEnd);
    if (!stringMap.putString(start, end)) this.repaired += 1;
  }

  /** Something that names a message, for the span's end. */
  #note(startField: "systemStart" | "idStart", endField: "systemEnd" | "idEnd", start: number, end: number): void {
    this.#kernel.setState(startField, start);
    this.#kernel.setState(endField, end);
  }

  /** An id under the name that it had before: only where there is none under today's. */
  #noteOlderId(start: number, end: number): void {
    if (this.#kernel.state("idEnd") > this.#kernel.state("idStart")) return;
    this.#kernel.setState("besideColumns", 1);
    this.#note("idStart", "idEnd", start, end);
  }

  #int(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const promoted = this.#promotedOfKey.get(key);
    const { low, high } = reader;
    if (promoted && setUnsigned(promoted, row, low, high)) return;
    const { intMap } = this.#block;
    intMap.addKey(row, key, keyStart, keyEnd);
    intMap.putWords(low, high);
  }

  #bool(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const promoted = this.#promotedOfKey.get(key);
    const value = reader.low !== 0 || reader.high !== 0;
    if (promoted?.type === "bool" && promoted.column.values[row] === 0) {
      promoted.column.values[row] = value ? 2 : 1;
      promoted.column.used = true;
      return;
    }
    const { boolMap } = this.#block;
    boolMap.addKey(row, key, keyStart, keyEnd);
    boolMap.putByte(value ? 1 : 0);
  }

  #double(reader: ProtobufReader, row: number, key: number, keyStart: number, keyEnd: number): void {
    const promoted = this.#promotedOfKey.get(key);
    if (promoted?.type === "float64" && promoted.column.values[row] === 0) {
      const value = readDouble(reader.low, reader.high);
      if (value !== 0) {
        promoted.column.values[row] = value;
        promoted.column.used = true;
        return;
      }
    }
    const { doubleMap } = this.#block;
    doubleMap.addKey(row, key, keyStart, keyEnd);
    doubleMap.putWords(reader.low, reader.high);
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
