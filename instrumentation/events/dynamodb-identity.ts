/**
 * The identity of a write to a DynamoDB table. Neither the write's answer nor the stream's record has an id that
 * the other knows, so both ends hash what they have: the key (update, delete) or the whole item (put), with the
 * second in which it was written, which tells writes to one item apart.
 */
import { hash53 } from "../core/hash.ts";
import { asObject } from "./event-source.ts";
import { DYNAMODB_SYSTEM } from "./systems.ts";

/** Nesting of an item that is hashed; DynamoDB allows 32 levels. */
const DEPTH_MAX = 32;
const SCALARS = ["S", "N", "B", "BOOL", "NULL"] as const;

/** Identity by the item's key. */
export function identityByKey(table: string, key: unknown, epochSeconds: number): string {
  return `${DYNAMODB_SYSTEM}:${table}/key:${hash53(canonical(key))}@${epochSeconds}`;
}

/** Identity by the whole item. */
export function identityByItem(table: string, item: unknown, epochSeconds: number): string {
  return `${DYNAMODB_SYSTEM}:${table}/item:${hash53(canonical(item))}@${epochSeconds}`;
}

/** One text for an item, whether its values are DynamoDB's (`{S: "a"}`) or plain ones of a document client. */
function canonical(value: unknown, depth = 0): string {
  if (depth > DEPTH_MAX) return "";
  if (value instanceof Uint8Array) return `b:${Buffer.from(value).toString("base64")}`;
  if (value instanceof Set) return list([...value], depth, true);
  if (Array.isArray(value)) return list(value, depth, false);
  const object = asObject(value);
  if (!object) return typeof value === "number" || typeof value === "bigint" ? `n:${Number(value)}` : `s:${String(value)}`;
  const names = Object.keys(object);
  if (names.length === 1) {
    const [type = ""] = names;
    const inner = object[type];
    if (SCALARS.includes(type as "S")) return scalar(type, inner);
    if (/^[SNB]S$/.test(type) && Array.isArray(inner)) {
      return list(inner.map((item: unknown) => ({ [type[0] ?? ""]: item })), depth, true);
    }
    if (type === "L" && Array.isArray(inner)) return list(inner, depth, false);
    if (type === "M") return canonical(inner, depth + 1);
  }
  return `{${names.toSorted().map((name) => `${name}=${canonical(object[name], depth + 1)}`).join(",")}}`;
}

function list(items: readonly unknown[], depth: number, sorted: boolean): string {
  const texts = items.map((item) => canonical(item, depth + 1));
  return `[${(sorted ? texts.toSorted() : texts).join(",")}]`;
}

function scalar(type: string, value: unknown): string {
  if (type === "N") return `n:${Number(value)}`;
  if (type === "NULL") return "s:null";
  if (type === "B") return `b:${value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value)}`;
  return `s:${String(value)}`;
}
