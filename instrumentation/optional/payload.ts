/**
 * Events and responses as attributes: what a payload is, bounded and without what its keys and values say is secret.
 * Loaded where payload capture is on. Nothing of a payload is kept, changed or called: no getter, no `toJSON`.
 */
import { report } from "../core/report.ts";
import type { CaptureOptions } from "../types.ts";
import { makeRedaction, REDACTED, type Redaction } from "./redaction.ts";

/** Bytes of one captured payload unless the user says otherwise. */
const PAYLOAD_BYTES = 4_096;
/** Fewest that can be asked for: below it nothing is left beside the marks of what is missing. */
const PAYLOAD_BYTES_MIN = 64;
/** Most that can be asked for: longer attributes are cut by the exporter. */
const PAYLOAD_BYTES_MAX = 16_384;
/** Nesting that is followed; a body in a message in an envelope is ten. */
const DEPTH_MAX = 24;
/** Characters of a text that is read as JSON: the largest message. Of a longer one nothing but its length is said. */
const NESTED_CHARS_MAX = 1_048_576;
/** Members of one object that are looked at. */
const MEMBERS_MAX = 1_000;
/** Characters of a secret that is looked for beyond what fits, so that none is recorded in part. */
const SECRET_CHARS_MAX = 8_192;
/** Stands for what did not fit. */
const CUT = "…";
/** Largest number of members that are said to be left out. */
const CUT_MEMBERS_MAX = 999_999;
/** Bytes kept free in every open object: its brackets, and `,"…":999999`. */
const CLOSING_BYTES = 16;
/** Bytes of the shortest member that is worth beginning. */
const LEAST_BYTES = 16;
/** Members of {@link CaptureOptions}. */
const MEMBERS = ["maxBytes", "redactKeys"];
/** What begins like an object or a list in base64. */
const BASE64_JSON = /^(?:ey|ew|W[wyx0-9])[\w+/-]*={0,2}$/;

/** Makes the text of a payload: JSON, or undefined for what JSON has no form of. Never throws. */
export type PayloadText = (payload: unknown) => string | undefined;

/** Reads the environment and a handler's options. A wrong one is reported once, by name, and ignored. */
export function makePayloadText(given: boolean | CaptureOptions): PayloadText {
  const options = typeof given === "object" ? given : {};
  for (const key of Object.keys(options)) {
    if (!MEMBERS.includes(key)) report(`unknown option "capturePayload.${key}"; known are ${MEMBERS.join(", ")}`);
  }
  const maxBytes = readBytes(options.maxBytes ?? process.env.HOPSCOPE_CAPTURE_PAYLOAD_BYTES);
  const environmentKeys = process.env.HOPSCOPE_REDACT_KEYS?.split(",") ?? [];
  const redaction = makeRedaction([...environmentKeys, ...listOf(options.redactKeys)]);
  return (payload) => {
    const writer = new PayloadWriter(redaction, maxBytes);
    return payload === undefined ? undefined : writer.write(payload);
  };
}

function readBytes(given: unknown): number {
  if (given === undefined || given === "") return PAYLOAD_BYTES;
  const bytes = Number(given);
  if (Number.isInteger(bytes) && bytes >= PAYLOAD_BYTES_MIN && bytes <= PAYLOAD_BYTES_MAX) return bytes;
  report(`captured bytes must be a whole number from ${PAYLOAD_BYTES_MIN} to ${PAYLOAD_BYTES_MAX}, not ${JSON.stringify(given)}`);
  return PAYLOAD_BYTES;
}

function listOf(given: unknown): readonly unknown[] {
  if (given === undefined || Array.isArray(given)) return given ?? [];
  report("redactKeys must be a list of strings and regular expressions; it is ignored");
  return [];
}

/** Writes one payload. What is written fits at every moment, closing brackets included. */
class PayloadWriter {
  readonly #redaction: Redaction;
  #text = "";
  /** Bytes that may still be written, less what closes the open brackets. */
  #left: number;
  readonly #path: object[] = [];

  constructor(redaction: Redaction, maxBytes: number) {
    this.#redaction = redaction;
    this.#left = maxBytes;
  }

  write(payload: unknown): string {
    this.#value(payload);
    return this.#text;
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "object":
        return value === null ? this.#token("null") : this.#object(value);
      case "bigint":
        return this.#token(`"${value}"`);
      case "number":
      case "boolean":
        return this.#token(JSON.stringify(value));
      case "undefined":
      case "symbol":
      case "function":
        return this.#token("null");
    }
  }

  #token(text: string): void {
    if (!this.#take(text)) this.#take(JSON.stringify(CUT), true);
  }

  /** Appends `text` if it fits, or if `always`. */
  #take(text: string, always = false): boolean {
    const bytes = Buffer.byteLength(text);
    if (!always && bytes > this.#left) return false;
    this.#left -= bytes;
    this.#text += text;
    return true;
  }

  #string(value: string): void {
    const nested = this.#path.length < DEPTH_MAX ? nestedJson(value) : undefined;
    if (nested) return this.#object(nested);
    // A text that should be JSON and cannot be read cannot be redacted either.
    const given = looksLikeJson(value) ? `[${value.length} characters]` : value;
    const clean = this.#redaction.text(given.slice(0, Math.max(this.#left, 0) + SECRET_CHARS_MAX));
    if (!this.#take(JSON.stringify(clean))) this.#token(JSON.stringify(fitting(clean, this.#left) + CUT));
  }

  #object(value: object): void {
    let form: string | unknown[] | undefined;
    try {
      form = scalarForm(value) ?? (Array.isArray(value) ? value : undefined);
    } catch {
      form = "[unreadable]";
    }
    if (typeof form === "string") return this.#token(JSON.stringify(form));
    if (this.#path.includes(value)) return this.#token('"[circular]"');
    if (this.#path.length >= DEPTH_MAX || this.#left < CLOSING_BYTES) return this.#token(JSON.stringify(CUT));
    this.#left -= CLOSING_BYTES;
    this.#path.push(value);
    this.#text += form ? "[" : "{";
    let mark = "";
    try {
      mark = form ? this.#items(form) : this.#members(value);
    } catch {
      // A proxy that throws: what was written until then stays.
    }
    this.#path.pop();
    this.#text += mark + (form ? "]" : "}");
    this.#left += CLOSING_BYTES - Buffer.byteLength(mark) - 2;
  }

  /** Returns the mark of what was cut, for which room is kept. */
  #items(list: readonly unknown[]): string {
    for (let index = 0; index < list.length; index++) {
      const comma = index > 0 ? "," : "";
      if (this.#left < LEAST_BYTES || index >= MEMBERS_MAX) return `${comma}"${CUT}"`;
      this.#take(comma);
      this.#member(list, String(index));
    }
    return "";
  }

  #members(object: object): string {
    const keys = Object.keys(object);
    const secretName = this.#redaction.namesSecret(object);
    for (const [index, key] of keys.entries()) {
      const comma = index > 0 ? "," : "";
      const name = `${comma}${JSON.stringify(key)}:`;
      if (this.#left < LEAST_BYTES + Buffer.byteLength(name) || index >= MEMBERS_MAX) {
        return `${comma}"${CUT}":${Math.min(keys.length - index, CUT_MEMBERS_MAX)}`;
      }
      this.#take(name);
      if (this.#redaction.key(key) || (secretName && /^value$/i.test(key))) this.#token(JSON.stringify(REDACTED));
      else this.#member(object, key);
    }
    return "";
  }

  /** A member's value. Getters are not called: they may throw, take their time, or change what they belong to. */
  #member(holder: object, key: string): void {
    let value: unknown;
    try {
      const descriptor = Object.getOwnPropertyDescriptor(holder, key);
      value = descriptor && !("value" in descriptor) ? "[getter]" : descriptor?.value;
      if (key === "body" && isEncoded(holder)) value = encodedText(value);
    } catch {
      value = "[unreadable]";
    }
    this.#value(value);
  }
}

/** A `Date` and bytes, which are objects with a form of their own; undefined for any other object. */
function scalarForm(value: object): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  return ArrayBuffer.isView(value) ? `[${value.byteLength} bytes]` : undefined;
}

/** API Gateway and its like say so of a body in base64. */
function isEncoded(holder: object): boolean {
  return Object.getOwnPropertyDescriptor(holder, "isBase64Encoded")?.value === true;
}

/** A text in base64 may hold anything, unless it is JSON, which is then read as such. */
function encodedText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return nestedJson(value) ?? `[${Buffer.byteLength(value, "base64")} bytes]`;
}

/** The object or list that a text is in JSON, plain or in base64: messages and bodies are such texts. */
function nestedJson(text: string): object | undefined {
  if (text.length > NESTED_CHARS_MAX || text.length < 2) return undefined;
  const plain = looksLikeJson(text);
  if (!plain && !BASE64_JSON.test(text)) return undefined;
  try {
    const content: unknown = JSON.parse(plain ? text : Buffer.from(text, "base64").toString("utf8"));
    return typeof content === "object" && content !== null ? content : undefined;
  } catch {
    return undefined;
  }
}

function looksLikeJson(text: string): boolean {
  return /^\s*(?:\{\s*["}]|\[\s*[\]{["\dtfn-])/.test(text.slice(0, 100));
}

/** The longest beginning of `text` that fits into `bytes` as JSON, with room for quotes and the mark of a cut. */
function fitting(text: string, bytes: number): string {
  const room = bytes - 2 - Buffer.byteLength(CUT);
  let low = 0;
  let high = Math.min(text.length, Math.max(room, 0));
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (Buffer.byteLength(JSON.stringify(text.slice(0, middle))) - 2 <= room) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low);
}
