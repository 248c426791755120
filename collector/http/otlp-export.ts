/** A flow or traces as an OTLP/JSON request, to take them elsewhere or back in. */
import { parseOtlp, type OtlpJson, type OtlpSpan } from "../store/queries/otlp-spans.ts";

/** An `ExportTraceServiceRequest`, its spans grouped by resource and scope, each span once. */
export function toOtlpRequest(spans: readonly OtlpSpan[]): { resourceSpans: OtlpJson[] } {
  const groups = new Map<string, Map<string, Map<string, OtlpJson>>>();
  for (const { traceId, spanId, resource, scope, span } of spans) {
    const scopes = groups.get(resource) ?? new Map<string, Map<string, OtlpJson>>();
    groups.set(resource, scopes);
    const members = scopes.get(scope) ?? new Map<string, OtlpJson>();
    scopes.set(scope, members);
    members.set(traceId + spanId, span);
  }
  const resourceSpans = [...groups].map(([resource, scopes]) => ({
    ...withSchemaUrl("resource", resource),
    scopeSpans: [...scopes].map(([scope, members]) => ({
      ...withSchemaUrl("scope", scope),
      spans: [...members.values()],
    })),
  }));
  return { resourceSpans };
}

/** The schema URL is kept inside of the message beside which OTLP has it. */
function withSchemaUrl(name: "resource" | "scope", json: string): OtlpJson {
  if (json === "") return { [name]: {} };
  const { schemaUrl, ...message } = parseOtlp(json) as OtlpJson;
  return { [name]: message, ...(schemaUrl !== undefined && { schemaUrl }) };
}

/** Nanoseconds since the epoch. */
export function toUnixNano(instant: string): bigint {
  return BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1_000_000n + BigInt(instant.slice(20, 29));
}
