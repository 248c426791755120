import type { TraceState } from "@opentelemetry/api";
import { TRACESTATE_CHARS_MAX, TRACESTATE_LONG_CHARS, TRACESTATE_MEMBERS_MAX } from "./limits.ts";

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

  /** What fits. As the specification advises, long members go before others, then the oldest. */
  serialize(): string {
    const texts = this.#members.map(([name, value]) => `${name}=${value}`);
    const whole = texts.join(",");
    if (whole.length <= TRACESTATE_CHARS_MAX) return whole;
    const short = texts.filter((text, index) => index === 0 || text.length <= TRACESTATE_LONG_CHARS);
    while (short.join(",").length > TRACESTATE_CHARS_MAX) short.pop();
    return short.join(",");
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
