/** What JavaScript calls: KernelExports in span-kernel.ts. */
export {
  boolMap,
  doubleMap,
  durationNs,
  flags,
  forgetKeys,
  intMap,
  keys,
  kind,
  makeBlock,
  numberOfKey,
  setColumnOfKey,
  setMessageKeys,
  spanIds,
  spanName,
  startTime,
  statusCode,
  statusMessage,
  stringMap,
  traceId,
} from "./block";
export {
  addEntryOfRow,
  addKey,
  fillStrings,
  keyIndex,
  newLowCardinality,
  newScalar,
  newStrings,
  newUuids,
  putByte,
  putWords,
  resetMaps,
  setAnyString,
  setUuid,
} from "./columns";
export { addEntry, lookup, resetDictionary } from "./dictionary";
export { jsonRoom, protobuf, walkJson } from "./json";
export {
  fillJoined,
  joinColumns,
  joinedTo,
  newColumn,
  newJoinedDictionary,
  newJoinedFixed,
  newJoinedLists,
  newJoinedTexts,
  resetJoined,
  setJoined,
  startBlock,
} from "./joined";
export { endsOf, narrowed } from "./native";
export { countSpans, hashOfPart, hashOfRequest, requestRoom, scratchRoom, skipInner } from "./request";
export { mixIds, putFields, putSpans } from "./spans";
export { startSpan, state } from "./span-state";
export { putText } from "./text";
