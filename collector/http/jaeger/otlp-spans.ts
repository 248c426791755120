/** OTLP/JSON that somebody opens in jaeger-ui, as spans: nothing of it is stored. */
import { z } from "zod";
import type { Attributes, Span } from "../../../schema/flow.ts";
import { fromKeyValues } from "../../store/queries/otlp-value.ts";
import { JaegerError } from "./parameters.ts";

const KINDS: readonly Span["kind"][] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: readonly Span["status"][] = ["unset", "ok", "error"];

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-fA-F]{${String(digits)}}$`), `${String(digits)} hex digits`);
const nanos = z.union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative()]).transform(String);
const keyValues = z.array(z.looseObject({ key: z.string() })).default([]);
const attributed = z.object({ attributes: keyValues });
/** A number, or the name that some exporters write. */
const word = (prefix: string, names: readonly string[]) =>
  z.union([
    z.number().int(),
    z.string().transform((name) => names.indexOf(name.replace(prefix, "").toLowerCase())),
  ]);

const spanSchema = z.object({
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: z.string().optional(),
  traceState: z.string().default(""),
  name: z.string().default(""),
  kind: word("SPAN_KIND_", KINDS).default(0),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes: keyValues,
  events: z.array(attributed.extend({ name: z.string().default(""), timeUnixNano: nanos.default("0") })).default([]),
  links: z
    .array(attributed.extend({ traceId: hex(32), spanId: hex(16), traceState: z.string().default("") }))
    .default([]),
  status: z.object({ code: word("STATUS_CODE_", STATUSES).default(0), message: z.string().default("") }).optional(),
});
const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: attributed.optional(),
      scopeSpans: z
        .array(z.object({ scope: z.object({ name: z.string().default("") }).optional(), spans: z.array(spanSchema).default([]) }))
        .default([]),
    }),
  ),
});

/**
 * The spans of an `ExportTraceServiceRequest` in JSON, or of a list of such.
 *
 * @throws JaegerError 400
 */
export function spansOfOtlp(json: string): Span[] {
  const requests = [parsed(json)].flat();
  return requests.flatMap((request) => {
    const { success, data, error } = requestSchema.safeParse(request);
    if (!success) throw new JaegerError(400, `is no OTLP/JSON of traces: ${z.prettifyError(error).slice(0, 300)}`);
    return data.resourceSpans.flatMap(({ resource, scopeSpans }) => {
      const attributes = toAttributes(resource?.attributes ?? []);
      return scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => toSpan(span, attributes, scope?.name ?? "")));
    });
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new JaegerError(400, "is no JSON");
  }
}

function toSpan(span: z.infer<typeof spanSchema>, resource: Attributes, scope: string): Span {
  const { "service.name": service } = resource;
  const start = BigInt(span.startTimeUnixNano);
  const parent = span.parentSpanId?.toLowerCase() ?? "";
  return {
    traceId: span.traceId.toLowerCase(),
    spanId: span.spanId.toLowerCase(),
    ...(/^[0-9a-f]{16}$/.test(parent) && !/^0+$/.test(parent) && { parentSpanId: parent }),
    name: span.name,
    kind: KINDS[span.kind] ?? "unspecified",
    service: typeof service === "string" ? service : "",
    startTime: toInstant(start),
    durationMs: Math.max(0, Number(BigInt(span.endTimeUnixNano) - start) / 1e6),
    status: STATUSES[span.status?.code ?? 0] ?? "unset",
    statusMessage: span.status?.message ?? "",
    traceState: span.traceState,
    attributes: toAttributes(span.attributes),
    resource,
    scope,
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      time: toInstant(BigInt(timeUnixNano)),
      name,
      attributes: toAttributes(attributes),
    })),
    links: span.links.map(({ traceId, spanId, traceState, attributes }) => ({
      traceId: traceId.toLowerCase(),
      spanId: spanId.toLowerCase(),
      traceState,
      attributes: toAttributes(attributes),
    })),
  };
}

function toAttributes(list: readonly { readonly key: string }[]): Attributes {
  return fromKeyValues(list);
}

/** Year 9999 is as far as an instant goes. */
const LAST_SECOND = 253_402_300_799n;

function toInstant(unixNano: bigint): string {
  const second = unixNano / 1_000_000_000n;
  const shown = second > LAST_SECOND ? LAST_SECOND : second;
  const fraction = String(unixNano % 1_000_000_000n).padStart(9, "0");
  return `${new Date(Number(shown) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
