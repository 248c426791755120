/** OTLP/JSON as the store keeps it (resources, events, links, odd attributes) back into plain values. */
import type { Attributes, AttributeValue } from "../../../schema/flow.ts";

interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
}

interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue;
}

/** The value that an OTLP/JSON `AnyValue` holds; null where it holds none. */
function fromAnyValue(value: AnyValue | undefined): AttributeValue {
  if (value === undefined) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.intValue !== undefined) return fromInt64(String(value.intValue));
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.doubleValue !== undefined) return fromDouble(value.doubleValue);
  if (value.bytesValue !== undefined) return value.bytesValue;
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(fromAnyValue);
  if (value.kvlistValue !== undefined) return fromKeyValues(value.kvlistValue.values ?? []);
  return null;
}

/** Attributes out of a list of key and value; of two of one name the first stays. */
export function fromKeyValues(list: readonly KeyValue[]): Attributes {
  const attributes = emptyAttributes();
  for (const { key, value } of list) if (!(key in attributes)) attributes[key] = fromAnyValue(value);
  return attributes;
}

/** The same out of its JSON text; '' is an empty list. */
export function fromKeyValuesJson(json: string): Attributes {
  return json === "" ? emptyAttributes() : fromKeyValues(JSON.parse(json) as KeyValue[]);
}

/** The value of an `AnyValue` as JSON text. */
export function fromAnyValueJson(json: string): AttributeValue {
  return fromAnyValue(JSON.parse(json) as AnyValue);
}

/** A number where a double holds it exactly, else its decimal digits. */
function fromInt64(digits: string | number): number | string {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : digits;
}

/** JSON has no NaN and no infinities: these stay the texts that OTLP/JSON has for them. */
function fromDouble(value: number | string): number | string {
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : String(value);
}

/**
 * Objects that inherit nothing, as an attribute may be called `__proto__`. Unlike `Object.create(null)`, which makes a
 * hash table for each, they are as fast and as small as any object.
 */
const Bag = function Bag() {} as unknown as new () => Attributes;
(Bag as { prototype: unknown }).prototype = Object.create(null);

/** Attributes that inherit nothing. */
export function emptyAttributes(): Attributes {
  return new Bag();
}
