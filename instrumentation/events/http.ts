/** Requests: API Gateway (REST, HTTP), Application Load Balancer, Lambda function URLs. */
import type { Attributes, Span, SpanContext } from "@opentelemetry/api";
import {
  FAAS_TRIGGER,
  HTTP_REQUEST_METHOD,
  HTTP_RESPONSE_STATUS_CODE,
  HTTP_ROUTE,
  SERVER_ADDRESS,
  URL_PATH,
} from "@hopscope/schema/attributes";
import { STATUS_ERROR } from "../core/span.ts";
import { authorizerContext } from "./authorizer-context.ts";
import { extractContext, headerGetter } from "./carrier.ts";
import { asObject, asText, defined, type EventSource, type Fields, type Getter, type Trigger } from "./event-source.ts";

interface RequestParts {
  readonly method: string;
  readonly path: string | undefined;
  readonly route: string | undefined;
  readonly host: string | undefined;
  readonly get: Getter;
  /** The authorizer that let the request through: it comes between the caller and the function. */
  readonly authorizer?: SpanContext | undefined;
}

/**
 * API Gateway REST API (payload format 1.0) and HTTP API with that format.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export const restApi: EventSource = {
  matches: (event) => "httpMethod" in event && "resource" in event && asObject(event.requestContext) !== undefined,
  describe: describeRequest,
};

/**
 * API Gateway HTTP API (payload format 2.0) and function URLs, which have the same form and no route.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
export const httpApi: EventSource = {
  matches: (event) => asObject(asObject(event.requestContext)?.http) !== undefined,
  describe: describeRequest,
};

/**
 * Application Load Balancer; headers are single values or, where the target group says so, lists.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
export const loadBalancer: EventSource = {
  matches: (event) => asObject(asObject(event.requestContext)?.elb) !== undefined,
  describe: describeRequest,
};

/** A request in any of the forms that AWS has for one: what it is, each calls by a name of its own. */
export function describeRequest(event: Fields): Trigger {
  const get = headerGetter(event.headers, event.multiValueHeaders);
  const request = asObject(event.requestContext);
  const http = asObject(request?.http);
  const routeKey = asText(event.routeKey);
  return requestTrigger({
    method: asText(http?.method) ?? asText(event.httpMethod) ?? asText(event.method) ?? "GET",
    // The one of the context is the caller's own, with the stage.
    path: [http?.path, request?.path, event.rawPath, event.path, event.raw_path].map(asText).find(Boolean)?.split("?")[0],
    route:
      asText(event.resource) ??
      (routeKey && routeKey !== "$default" ? routeKey.slice(routeKey.indexOf(" ") + 1) : undefined),
    host: asText(request?.domainName) ?? get("host"),
    get,
    authorizer: authorizerContext(request),
  });
}

/** The trigger of any request. The query string is not recorded: it may hold what is private. */
export function requestTrigger(parts: RequestParts, extra: Attributes = {}): Trigger {
  const method = parts.method.toUpperCase();
  return {
    spanName: parts.route ? `${method} ${parts.route}` : method,
    kind: "server",
    attributes: {
      ...defined({
        [FAAS_TRIGGER]: "http",
        [HTTP_REQUEST_METHOD]: method,
        [HTTP_ROUTE]: parts.route,
        [URL_PATH]: parts.path,
        [SERVER_ADDRESS]: parts.host?.replace(/:\d+$/, ""),
        "url.scheme": parts.get("x-forwarded-proto") ?? "https",
        "user_agent.original": parts.get("user-agent"),
      }),
      ...extra,
    },
    parent: parts.authorizer ?? extractContext(parts.get),
    onResult: recordStatus,
  };
}

/** Records the status of a proxy answer; one of 500 and above is an error. A plain value is answered with 200. */
export function recordStatus(span: Span, result: unknown): void {
  const status = Number(asObject(result)?.statusCode ?? (result === undefined || result === null ? Number.NaN : 200));
  if (!Number.isInteger(status)) return;
  span.setAttribute(HTTP_RESPONSE_STATUS_CODE, status);
  if (status < 500) return;
  span.setStatus({ code: STATUS_ERROR });
  span.setAttribute("error.type", String(status));
}
