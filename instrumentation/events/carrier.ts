import { parseTraceParent, type RemoteContext } from "../core/trace-parent.ts";
import { asObject, asText, type Getter } from "./event-source.ts";
import { foreignContext } from "./foreign-context.ts";
import { xray } from "./x-ray.ts";

/** Headers of one request that are looked at: a hostile event could have a million. */
const HEADERS_MAX = 1_000;

/**
 * The producer's span context in a carrier: W3C Trace Context, else what another tracer left there.
 *
 * @see https://www.w3.org/TR/trace-context/
 */
export function extractContext(get: Getter): RemoteContext | undefined {
  const own = parseTraceParent(get("traceparent"), get("tracestate"), get("baggage"));
  return own ?? foreignContext(get) ?? xray(get("x-amzn-trace-id"));
}

/**
 * Reads headers in any case, of several objects the first that has them. Values are texts, lists of texts
 * (`multiValueHeaders`), or bytes as brokers give them: `[48, 48]` (Kafka), `{ bytes: [48, 48] }` (RabbitMQ).
 */
export function headerGetter(...sources: readonly unknown[]): Getter {
  let lowered: Map<string, string> | undefined;
  return (name) => (lowered ??= lowerHeaders(sources)).get(name);
}

function lowerHeaders(sources: readonly unknown[]): Map<string, string> {
  const lowered = new Map<string, string>();
  for (const source of sources) {
    for (const [name, value] of Object.entries(asObject(source) ?? {}).slice(0, HEADERS_MAX)) {
      const text = headerText(asObject(value)?.bytes ?? value);
      if (typeof text === "string" && !lowered.has(name.toLowerCase())) lowered.set(name.toLowerCase(), text);
    }
  }
  return lowered;
}

function headerText(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (typeof value[0] === "number") return Buffer.from(value as number[]).toString();
  return value.filter((item) => typeof item === "string").join(",");
}

/**
 * Reads message attributes in every spelling that AWS has for them: `stringValue`/`binaryValue` (Lambda's SQS
 * event, Binary in base64), `StringValue`/`BinaryValue` (SDK, Binary as bytes), `Type`/`Value` (SNS).
 */
export function messageAttributeGetter(attributes: unknown): Getter {
  const object = asObject(attributes);
  if (!object) return () => undefined;
  return (name) => {
    if (Object.hasOwn(object, name)) return attributeText(object[name]);
    const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name);
    return key === undefined ? undefined : attributeText(object[key]);
  };
}

/**
 * Reads members of a payload: `traceparent` and its like themselves, or in an object that a tracer put there
 * under a name of its own, which is given as JSON.
 */
export function memberGetter(payload: unknown): Getter {
  const object = asObject(payload);
  if (!object) return () => undefined;
  return (name) => {
    if (!Object.hasOwn(object, name)) return undefined;
    const value = object[name];
    return typeof value === "object" ? JSON.stringify(value) : asText(value);
  };
}

function attributeText(attribute: unknown): string | undefined {
  const { Type, Value, stringValue, StringValue, binaryValue, BinaryValue } = asObject(attribute) ?? {};
  const text = asText(stringValue) ?? asText(StringValue);
  if (text !== undefined) return text;
  if (Value !== undefined) return Type === "Binary" ? bytesText(Value) : asText(Value);
  return bytesText(binaryValue ?? BinaryValue);
}

function bytesText(value: unknown): string | undefined {
  if (typeof value === "string") return Buffer.from(value, "base64").toString("utf8") || undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8") || undefined;
  return undefined;
}
