import type { AttributeValue } from "@hopscope/schema/flow";

/** Returns a value as text: strings as they are, lists and maps as JSON, nothing for what is absent. */
export function attributeText(value: AttributeValue | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
