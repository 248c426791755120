import type { SpanContext } from "@opentelemetry/api";
import { formatTraceParent } from "../core/trace-parent.ts";
import { AUTHORIZER_MEMBER, isAuthorizerEvent } from "./authorizer-context.ts";
import { headerGetter } from "./carrier.ts";
import { asObject, asText, type EventSource } from "./event-source.ts";
import { requestTrigger } from "./http.ts";

/**
 * Lambda authorizers of API Gateway. A span goes on in the context that an authorizer answers with, together
 * with the request's id where it is told that: API Gateway caches the answer for requests whose flow it must not join.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export const authorizer: EventSource = {
  matches: isAuthorizerEvent,
  describe(event) {
    const arn = asText(event.methodArn) ?? asText(event.routeArn) ?? "";
    const [, , method = "GET", ...path] = arn.slice(arn.lastIndexOf(":") + 1).split("/");
    const requestId = asText(asObject(event.requestContext)?.requestId) ?? "";
    const trigger = requestTrigger({
      method: asText(event.httpMethod) ?? method,
      path: asText(event.path) ?? asText(event.rawPath) ?? `/${path.join("/")}`,
      route: asText(event.resource),
      host: undefined,
      get: headerGetter(event.headers, event.multiValueHeaders),
    });
    const { onResult: _, ...rest } = trigger;
    return {
      ...rest,
      spanName: `authorize ${rest.spanName}`,
      answer: (result: unknown, span: SpanContext) => carryOn(result, span, requestId),
    };
  },
};

/** A copy of an authorizer's answer that names its span. Anything that is no such answer stays as it is. */
function carryOn(result: unknown, span: SpanContext, requestId: string): unknown {
  const answer = asObject(result);
  const context = answer?.context ?? {};
  if (!answer || !("policyDocument" in answer || "isAuthorized" in answer) || !asObject(context)) return result;
  return { ...answer, context: { ...context, [AUTHORIZER_MEMBER]: `${formatTraceParent(span)};${requestId}` } };
}
