import type { SpanContext } from "@opentelemetry/api";
import { parseTraceParent } from "../core/trace-parent.ts";
import { asObject, asText, type Fields } from "./event-source.ts";

/** Member of an authorizer's context under which its span goes on to the function behind. */
export const AUTHORIZER_MEMBER = "hopscope";

/** Whether an authorizer is asked about a request. */
export function isAuthorizerEvent(event: Fields): boolean {
  const { type } = event;
  return (
    (type === "REQUEST" && (asText(event.methodArn) ?? asText(event.routeArn)) !== undefined) ||
    (type === "TOKEN" && asText(event.methodArn) !== undefined && "authorizationToken" in event)
  );
}

/**
 * The span of the authorizer that let this very request through, or undefined. It was run for this request where the
 * request's id says so, or API Gateway, which one of type TOKEN is not told the id by: its cached answer took no time.
 */
export function authorizerContext(requestContext: Fields | undefined): SpanContext | undefined {
  const given = asObject(requestContext?.authorizer);
  const member = asText(given?.[AUTHORIZER_MEMBER]) ?? asText(asObject(given?.lambda)?.[AUTHORIZER_MEMBER]);
  const [traceParent, requestId] = member?.split(";") ?? [];
  const isOwn = requestId ? requestId === requestContext?.requestId : Number(given?.integrationLatency) > 0;
  return isOwn ? parseTraceParent(traceParent) : undefined;
}
