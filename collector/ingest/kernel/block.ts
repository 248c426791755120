/** The block that is filled: its columns, and which of them takes the attributes of which key. */
import {
  keysMax,
  LowCardinality,
  Maps,
  newLowCardinality,
  newMaps,
  newScalar,
  newStrings,
  Scalar,
  setBounds,
  Strings,
} from "./columns";
import { Dictionary, isEntry, lookup, newDictionary, resetDictionary } from "./dictionary";
import { allocateZeros } from "./memory";

/** What column a key has: its class and its width, by the numbers of COLUMN_KINDS in span-block.ts. */
export const KIND_LOW_CARDINALITY: u8 = 1;
export const KIND_STRING: u8 = 2;
export const KIND_UUID: u8 = 3;
export const KIND_UINT16: u8 = 4;
export const KIND_UINT32: u8 = 5;
export const KIND_UINT64: u8 = 6;
export const KIND_FLOAT64: u8 = 7;
export const KIND_BOOL: u8 = 8;

// Made by makeBlock, before anything else is called.
export let traceId = changetype<Scalar>(0);
/** The span's id, then its parent's. */
export let spanIds = changetype<Scalar>(0);
export let startTime = changetype<Scalar>(0);
export let durationNs = changetype<Scalar>(0);
export let spanName = changetype<LowCardinality>(0);
export let kind = changetype<Scalar>(0);
export let statusCode = changetype<Scalar>(0);
export let statusMessage = changetype<Strings>(0);
export let flags = changetype<Scalar>(0);
export let stringMap = changetype<Maps>(0);
export let intMap = changetype<Maps>(0);
export let doubleMap = changetype<Maps>(0);
export let boolMap = changetype<Maps>(0);
export let keys = changetype<Dictionary>(0);
/** The keys whose values name a message. */
export let systemKey: u32 = 0;
export let idKey: u32 = 0;
/** The name that the message's id had before. */
export let olderIdKey: u32 = 0;

let kindOfKey: usize = 0;
let columnOfKey: usize = 0;
/** By number of key: the key that came after it the last time; 0 stands for the start of a span. */
let follower: usize = 0;

/** Makes the columns of a block of `rows` rows, and room for `keyNumbers` numbers of keys. */
export function makeBlock(rows: u32, keyNumbers: u32): void {
  setBounds(rows, keyNumbers);
  traceId = newScalar(16);
  spanIds = newScalar(16);
  startTime = newScalar(8);
  durationNs = newScalar(8);
  spanName = newLowCardinality();
  kind = newScalar(1);
  statusCode = newScalar(1);
  statusMessage = newStrings();
  flags = newScalar(4);
  stringMap = newMaps();
  intMap = newMaps();
  doubleMap = newMaps();
  boolMap = newMaps();
  keys = newDictionary();
  kindOfKey = allocateZeros(keyNumbers);
  columnOfKey = allocateZeros(keyNumbers << 2);
  follower = allocateZeros(keyNumbers << 2);
}

/** Forgets the keys seen; their numbers are given anew. */
export function forgetKeys(): void {
  resetDictionary(keys);
  memory.fill(kindOfKey, 0, keysMax);
  memory.fill(follower, 0, keysMax << 2);
}

/** Says which column the attributes of a key go to. */
export function setColumnOfKey(key: u32, columnKind: u8, column: usize): void {
  store<u8>(kindOfKey + key, columnKind);
  store<u32>(columnOfKey + (key << 2), <u32>column);
}

/** Says which keys name a message. */
export function setMessageKeys(system: u32, id: u32, olderId: u32): void {
  systemKey = system;
  idKey = id;
  olderIdKey = olderId;
}

/** 0 where a key has no column. */
// @ts-ignore: a decorator on a function
@inline
export function kindOf(key: u32): u8 {
  return key < keysMax ? load<u8>(kindOfKey + key) : 0;
}

/** The column of a key that has one. */
// @ts-ignore: a decorator on a function
@inline
export function columnOf(key: u32): usize {
  return <usize>load<u32>(columnOfKey + (key << 2));
}

/** The number of a key: most often of the one that followed `last` in the span before. */
// @ts-ignore: a decorator on a function
@inline
export function numberOfKey(last: u32, text: usize, size: u32): i32 {
  const place = follower + <usize>((last < keysMax ? last : 0) << 2);
  const expected = load<u32>(place);
  if (expected > 0 && isEntry(keys, expected, text, size)) return expected;
  const key = lookup(keys, text, size);
  if (key > 0) store<u32>(place, key);
  return key;
}
