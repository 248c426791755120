/** What of a payload is secret, by the names of its members and by the form of its texts. */
import { report } from "../core/report.ts";

/** Stands for a secret. */
export const REDACTED = "[redacted]";

/** Parts of names whose values are never recorded. Rather too many: a value too few harms nobody. */
const SECRET_NAME =
  /passw|passphrase|pwd|secret|token|authori[sz]ation|cookie|credential|signature|card|cvv|cvc|iban|(?:^|[_-])ssn|ssn$|^pin$|^auth$|^sid$|session-?_?(?:id|key)|(?:api|access|private|encryption)-?_?key|connection-?_?string/i;
/** `name=value` of forms, queries and cookies. */
const PAIR = /(^|[?&;\s])([\w.[\]%-]{1,100})=([^&;\s]+)/g;
/** `"name": value` in a text around JSON, and `<name>value</name>`. */
const MEMBER = /"([^"\\]{1,100})"\s*:\s*(?:"(?:[^"\\]|\\.)*"?|[^\s",{}[\]]+)/g;
const ELEMENT = /<([\w:.-]{1,100})>[^<]+/g;
/** Credentials that say so themselves: of the Authorization header, and JSON web tokens. */
const CREDENTIALS = /\b(Bearer|Basic)\s+[\w.~+/=-]+|\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g;

/** Decides what is secret. */
export interface Redaction {
  /** Whether the value of a member of this name is. */
  key(name: string): boolean;
  /** Whether an object is a pair `{name: "password", value: "..."}`, in the spellings there are. */
  namesSecret(object: object): boolean;
  /** A text without the secrets in it. */
  text(text: string): string;
}

/** The built-in names, and those of the user: parts of names in any case, or regular expressions. */
export function makeRedaction(given: readonly unknown[]): Redaction {
  const parts: string[] = [];
  const patterns: RegExp[] = [];
  for (const item of given) {
    if (item instanceof RegExp) patterns.push(new RegExp(item.source, item.flags.replace(/[gy]/g, "")));
    else if (typeof item !== "string") report("redactKeys takes strings and regular expressions; others are ignored");
    else if (item.trim()) parts.push(item.trim().toLowerCase());
  }
  const key = (name: string): boolean => {
    const lower = name.toLowerCase();
    const isUsers = (): boolean => parts.some((part) => lower.includes(part)) || patterns.some((one) => one.test(name));
    return SECRET_NAME.test(name) || isUsers();
  };
  return {
    key,
    namesSecret(object) {
      return ["name", "Name", "key", "Key"].some((member) => {
        const value: unknown = ownValue(object, member);
        return typeof value === "string" && key(value);
      });
    },
    text: (text) =>
      text
        .replace(MEMBER, (member, name: string) => (key(name) ? `"${name}":"${REDACTED}"` : member))
        .replace(ELEMENT, (element, name: string) => (key(name) ? `<${name}>${REDACTED}` : element))
        .replace(PAIR, (pair, before: string, name: string) =>
          key(decoded(name)) ? `${before}${name}=${REDACTED}` : pair,
        )
        .replace(CREDENTIALS, (_, scheme: string | undefined) => (scheme ? `${scheme} ${REDACTED}` : REDACTED)),
  };
}

function ownValue(object: object, name: string): unknown {
  try {
    return Object.getOwnPropertyDescriptor(object, name)?.value;
  } catch {
    return undefined;
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
