/**
 * Version 3 as Grafana's data source reads it: its types take booleans and doubles for strings and call a list
 * `array_value`, so that proper OTLP/JSON with one flag in it fails to decode there as a whole.
 *
 * @see https://github.com/grafana/grafana-jaeger-datasource/blob/main/pkg/jaeger/types/grpc_types.go
 */
import type { Context } from "hono";

/** Whether Grafana's server asks. */
export function isGrafana({ req }: Context): boolean {
  return /^Grafana\b/.test(req.header("user-agent") ?? "");
}

/** The same message with the values in the form that Grafana decodes; lists have both names. */
export function forGrafana<Message>(message: Message): Message {
  return converted(message) as Message;
}

function converted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(converted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => {
    if (name === "boolValue" || name === "doubleValue") return [name, String(member)];
    return [name, converted(member)];
  });
  const message = Object.fromEntries(members) as Record<string, unknown>;
  const { arrayValue } = message;
  return arrayValue === undefined ? message : { ...message, array_value: arrayValue };
}
