import type { TraceState } from "@opentelemetry/api";
import { TRACESTATE_CHARS_MAX, TRACESTATE_MEMBERS_MAX } from "./limits.ts";

/** `tracestate` as W3C Trace Context section 3.3 has it: ordered members, the newest first. */
export class MemberState implements TraceState {
  readonly #members: readonly (readonly [string, string])[];

  constructor(members: readonly (readonly [string, string])[]) {
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#members.find(([name]) => name === key)?.[1];
  }

  set(key: string, value: string): MemberState {
    return new MemberState([[key, value] as const, ...this.#without(key)].slice(0, TRACESTATE_MEMBERS_MAX));
  }

  unset(key: string): MemberState {
    return new MemberState(this.#without(key));
  }

  serialize(): string {
    let text = "";
    for (const [name, value] of this.#members) {
      const next = text ? `${text},${name}=${value}` : `${name}=${value}`;
      if (next.length > TRACESTATE_CHARS_MAX) break;
      text = next;
    }
    return text;
  }

  #without(key: string): (readonly [string, string])[] {
    return this.#members.filter(([name]) => name !== key);
  }
}

/** Reads a `tracestate` value. Members that are not well-formed are left out; nothing throws. */
export function parseTraceState(text: string | undefined): MemberState | undefined {
  if (!text || text.length > 4 * TRACESTATE_CHARS_MAX) return undefined;
  const members: [string, string][] = [];
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    if (equals < 1 || members.length >= TRACESTATE_MEMBERS_MAX) continue;
    const name = part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (/^[a-z0-9][a-z0-9_\-*/@]{0,255}$/.test(name) && /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/.test(value)) {
      members.push([name, value]);
    }
  }
  return members.length ? new MemberState(members) : undefined;
}
