/** The WebAssembly of kernel/, compiled once; each instance has a memory of its own. */
import { readFileSync } from "node:fs";

/** A place in the kernel's memory. */
export type Place = number;

/** The structs that the kernel makes itself. */
export type KernelStruct =
  | "state"
  | "protobuf"
  | "keys"
  | "traceId"
  | "spanIds"
  | "startTime"
  | "durationNs"
  | "spanName"
  | "kind"
  | "statusCode"
  | "statusMessage"
  | "flags"
  | "stringMap"
  | "intMap"
  | "doubleMap"
  | "boolMap";

/** What kernel/index.ts exports; texts are a place and a size, and a number below 0 is "not known to the kernel". */
export interface KernelExports extends Readonly<Record<KernelStruct, { readonly value: Place }>> {
  readonly memory: { readonly buffer: ArrayBuffer };
  makeBlock(rows: number, keyNumbers: number): void;
  newScalar(widthBytes: number): Place;
  newStrings(): Place;
  newUuids(): Place;
  newLowCardinality(): Place;
  setColumnOfKey(key: number, kind: number, column: Place): void;
  setMessageKeys(systemKey: number, idKey: number, olderIdKey: number): void;
  forgetKeys(): void;
  numberOfKey(last: number, text: Place, size: number): number;
  lookup(dictionary: Place, text: Place, size: number): number;
  addEntry(dictionary: Place, text: Place, size: number, written: Place, writtenSize: number): number;
  resetDictionary(dictionary: Place): void;
  fillStrings(column: Place, rows: number): void;
  setAnyString(column: Place, row: number, text: Place, size: number): void;
  setUuid(column: Place, row: number, text: Place, size: number): number;
  keyIndex(column: Place, key: number, text: Place, size: number): number;
  addKey(column: Place, key: number, text: Place, size: number, written: Place, writtenSize: number): number;
  addEntryOfRow(column: Place, row: number, index: number): void;
  putText(bytes: Place, text: Place, size: number): void;
  putWords(column: Place, low: number, high: number): void;
  putByte(column: Place, byte: number): void;
  resetMaps(column: Place, rows: number): void;
  narrowed(numbers: Place, count: number, widthBytes: number): Place;
  endsOf(counts: Place, rows: number): Place;
  newJoinedFixed(widthBytes: number): Place;
  newJoinedTexts(): Place;
  newJoinedDictionary(): Place;
  newJoinedLists(first: Place, second: Place): Place;
  /** Up to where blocks were read, and which column is new. */
  readonly joinedTo: { readonly value: Place };
  /** How many rows the block has; below 0 where it is none. */
  startBlock(at: Place, end: Place): number;
  /** One of the numbers in kernel/joined.ts. */
  joinColumns(rows: number): number;
  setJoined(column: Place, versionBytes: number): void;
  fillJoined(column: Place, rows: number): void;
  resetJoined(column: Place): void;
  requestRoom(sizeBytes: number): Place;
  /** -1 where that is not for the kernel to say. */
  countSpans(): number;
  hashOfRequest(): bigint;
  hashOfPart(at: number, sizeBytes: number): number;
  skipInner(at: number, end: number): number;
  /** Where OTLP/JSON is to be put for `walkJson`. */
  jsonRoom(sizeBytes: number): Place;
  /** Not 0 where the JSON is now in the struct `protobuf`. */
  walkJson(): number;
  scratchRoom(sizeBytes: number): Place;
  startSpan(start: number, end: number): void;
  putSpans(at: number, end: number, row: number, rowsMax: number): number;
  putFields(row: number): number;
  mixIds(row: number): void;
}

/** Not among the types of Node. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

let compiled: object | undefined;

/** A kernel that knows nothing yet. */
export function newKernel(): KernelExports {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("span-kernel.wasm", import.meta.url)));
  const doubleOf = (text: Place, size: number) =>
    Number(Buffer.from(kernel.memory.buffer, text >>> 0, size).toString("latin1"));
  const kernel = new WebAssembly.Instance(compiled, { host: { doubleOf } }).exports as KernelExports;
  return kernel;
}
