/** OTLP/JSON's messages: their members' names, and what each is in protobuf. The same as in otlp-json.ts. */
import { allocate, make } from "./memory";

/** How a member's value is written. */
export const KIND_STRING: u32 = 0;
export const KIND_HEX: u32 = 1;
export const KIND_UINT32: u32 = 2;
export const KIND_FIXED32: u32 = 3;
export const KIND_FIXED64: u32 = 4;
export const KIND_INT64: u32 = 5;
export const KIND_ENUM: u32 = 6;
export const KIND_BOOL: u32 = 7;
export const KIND_DOUBLE: u32 = 8;
export const KIND_BASE64: u32 = 9;
export const KIND_MESSAGE: u32 = 10;
/** A message that has values in it, and may be nested without end. */
export const KIND_NESTING: u32 = 11;
/** A KeyValue. */
export const KIND_ATTRIBUTE: u32 = 12;

const QUOTE: u8 = 0x22;
/** By kind: the wire type. */
const WIRE_TYPES = memory.data<u8>([2, 2, 0, 5, 1, 0, 0, 0, 1, 2, 2, 2, 2]);

/** An object's members, and the one that came first the last time. */
@unmanaged
export class Message {
  first: Member;
  /** The last one that was defined; each knows the one before. */
  members: Member;
}

/** A member; as senders write the same members again and again, it remembers what came behind it. */
@unmanaged
export class Member {
  /** The name and a quote. */
  name: usize;
  size: u32;
  kind: u32;
  isList: bool;
  /** The tag's bytes, and how many there are. */
  tag: u32;
  tagSize: u32;
  /** A bit that no other member of the message has. */
  bit: u32;
  message: Message;
  /** Bytes that the message's size took the last time. */
  sizeBytes: u32;
  /** What came behind it the last time. */
  next: Member;
  before: Member;
}

function add(message: Message, name: string, field: u32, kind: u32, isList: bool = false): Member {
  const member = make<Member>();
  member.size = name.length + 1;
  member.name = allocate(member.size);
  for (let index = 0; index < name.length; index++) store<u8>(member.name + index, name.charCodeAt(index));
  store<u8>(member.name + name.length, QUOTE);
  member.kind = kind;
  member.isList = isList;
  const tag = (field << 3) | load<u8>(WIRE_TYPES + kind);
  member.tagSize = tag < 0x80 ? 1 : 2;
  member.tag = tag < 0x80 ? tag : (tag & 0x7f) | 0x80 | ((tag >> 7) << 8);
  member.sizeBytes = 1;
  const before = message.members;
  member.bit = changetype<usize>(before) == 0 ? 1 : before.bit << 1;
  member.before = before;
  message.members = member;
  if (changetype<usize>(before) == 0) message.first = member;
  else before.next = member;
  member.next = member;
  return member;
}

function addMessage(message: Message, name: string, field: u32, inner: Message, isList: bool = false): Member {
  const member = add(message, name, field, KIND_MESSAGE, isList);
  member.message = inner;
  return member;
}

function addAttributes(message: Message, field: u32, attribute: Message): void {
  addMessage(message, "attributes", field, attribute, true).kind = KIND_ATTRIBUTE;
}

function addDropped(message: Message, field: u32): void {
  add(message, "droppedAttributesCount", field, KIND_UINT32);
}

function makeAttributes(): Message {
  const anyValue = make<Message>();
  add(anyValue, "stringValue", 1, KIND_STRING);
  add(anyValue, "boolValue", 2, KIND_BOOL);
  add(anyValue, "intValue", 3, KIND_INT64);
  add(anyValue, "doubleValue", 4, KIND_DOUBLE);
  const values = make<Message>();
  const pairs = make<Message>();
  addMessage(anyValue, "arrayValue", 5, values).kind = KIND_NESTING;
  addMessage(anyValue, "kvlistValue", 6, pairs).kind = KIND_NESTING;
  add(anyValue, "bytesValue", 7, KIND_BASE64);
  const keyValue = make<Message>();
  add(keyValue, "key", 1, KIND_STRING);
  addMessage(keyValue, "value", 2, anyValue);
  addMessage(values, "values", 1, anyValue, true);
  addMessage(pairs, "values", 1, keyValue, true);
  return keyValue;
}

function makeSpan(attribute: Message): Message {
  const event = make<Message>();
  add(event, "timeUnixNano", 1, KIND_FIXED64);
  add(event, "name", 2, KIND_STRING);
  addAttributes(event, 3, attribute);
  addDropped(event, 4);
  const link = make<Message>();
  add(link, "traceId", 1, KIND_HEX);
  add(link, "spanId", 2, KIND_HEX);
  add(link, "traceState", 3, KIND_STRING);
  addAttributes(link, 4, attribute);
  addDropped(link, 5);
  add(link, "flags", 6, KIND_FIXED32);
  const status = make<Message>();
  add(status, "message", 2, KIND_STRING);
  add(status, "code", 3, KIND_ENUM);
  const span = make<Message>();
  add(span, "traceId", 1, KIND_HEX);
  add(span, "spanId", 2, KIND_HEX);
  add(span, "traceState", 3, KIND_STRING);
  add(span, "parentSpanId", 4, KIND_HEX);
  add(span, "name", 5, KIND_STRING);
  add(span, "kind", 6, KIND_ENUM);
  add(span, "startTimeUnixNano", 7, KIND_FIXED64);
  add(span, "endTimeUnixNano", 8, KIND_FIXED64);
  addAttributes(span, 9, attribute);
  addDropped(span, 10);
  addMessage(span, "events", 11, event, true);
  add(span, "droppedEventsCount", 12, KIND_UINT32);
  addMessage(span, "links", 13, link, true);
  add(span, "droppedLinksCount", 14, KIND_UINT32);
  addMessage(span, "status", 15, status);
  add(span, "flags", 16, KIND_FIXED32);
  return span;
}

function makeResource(attribute: Message): Message {
  const entityRef = make<Message>();
  add(entityRef, "schemaUrl", 1, KIND_STRING);
  add(entityRef, "type", 2, KIND_STRING);
  add(entityRef, "idKeys", 3, KIND_STRING, true);
  add(entityRef, "descriptionKeys", 4, KIND_STRING, true);
  const resource = make<Message>();
  addAttributes(resource, 1, attribute);
  addDropped(resource, 2);
  addMessage(resource, "entityRefs", 3, entityRef, true);
  return resource;
}

function makeRequest(): Message {
  const attribute = makeAttributes();
  const scope = make<Message>();
  add(scope, "name", 1, KIND_STRING);
  add(scope, "version", 2, KIND_STRING);
  addAttributes(scope, 3, attribute);
  addDropped(scope, 4);
  const scopeSpans = make<Message>();
  addMessage(scopeSpans, "scope", 1, scope);
  addMessage(scopeSpans, "spans", 2, makeSpan(attribute), true);
  add(scopeSpans, "schemaUrl", 3, KIND_STRING);
  const resourceSpans = make<Message>();
  addMessage(resourceSpans, "resource", 1, makeResource(attribute));
  addMessage(resourceSpans, "scopeSpans", 2, scopeSpans, true);
  add(resourceSpans, "schemaUrl", 3, KIND_STRING);
  const request = make<Message>();
  addMessage(request, "resourceSpans", 1, resourceSpans, true);
  return request;
}

/** `ExportTraceServiceRequest`. */
export const requestMessage = makeRequest();
