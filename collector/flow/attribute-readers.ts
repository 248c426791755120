/** Attributes as the flow reads them: whatever an SDK put there, the answer is the wanted type or nothing. */
import type { Attributes } from "../../schema/flow.ts";

/** A string that is not empty. */
export function text(attributes: Attributes, name: string): string | undefined {
  const value = attributes[name];
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A finite number; also from a decimal string, as 64-bit integers are. */
export function number(attributes: Attributes, name: string): number | undefined {
  const value = attributes[name];
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const parsed = value === "" ? Number.NaN : Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** The strings of a list of strings; of a single one, that. */
export function texts(attributes: Attributes, name: string): string[] {
  const value = attributes[name];
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Whether the attribute is true (or the text "true"). */
export function isTrue(attributes: Attributes, name: string): boolean {
  return attributes[name] === true || attributes[name] === "true";
}
