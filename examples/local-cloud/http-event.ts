import type { IncomingHttpHeaders } from "node:http";
import { ACCOUNT_ID } from "./start-aws.ts";
import type { InvocationOutcome } from "./runtime-api.ts";

/** An HTTP request, its body read. */
export interface GatewayRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  /** `POST /orders`, or `$default`. */
  readonly routeKey: string;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
}

/** An HTTP answer. */
export interface GatewayResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/**
 * The event that an API Gateway HTTP API gives to a function, payload format version 2.0.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toHttpEvent(request: GatewayRequest): Record<string, unknown> {
  const { pathname, search, searchParams } = new URL(request.url, "http://localhost");
  const { cookie, ...headers } = request.headers;
  const query: Record<string, string> = {};
  for (const [name, value] of searchParams) query[name] = name in query ? `${query[name]},${value}` : value;
  return {
    version: "2.0",
    routeKey: request.routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split("; ") }),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value]),
    ),
    ...(searchParams.size === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId: "local",
      domainName: request.headers.host ?? "localhost",
      domainPrefix: "local",
      http: {
        method: request.method,
        path: pathname,
        protocol: "HTTP/1.1",
        sourceIp: request.sourceIp,
        userAgent: request.headers["user-agent"] ?? "",
      },
      requestId: request.requestId,
      routeKey: request.routeKey,
      stage: "$default",
      time: new Date(request.timeMs).toUTCString(),
      timeEpoch: request.timeMs,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString() }),
    isBase64Encoded: false,
  };
}

/** What the caller gets: the function's answer, read as format 2.0 says, or 500 where it failed. */
export function toHttpResponse(outcome: InvocationOutcome): GatewayResponse {
  const json = { "content-type": "application/json" };
  if (outcome.kind === "error") {
    return { status: 500, headers: json, body: Buffer.from('{"message":"Internal Server Error"}') };
  }
  const answer: unknown = JSON.parse(outcome.body.toString());
  if (typeof answer !== "object" || answer === null || !("statusCode" in answer)) {
    return { status: 200, headers: json, body: outcome.body };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = answer as {
    statusCode: number;
    headers?: Record<string, string>;
    cookies?: string[];
    body?: string;
    isBase64Encoded?: boolean;
  };
  return {
    status: Number(statusCode),
    headers: { ...headers, ...(cookies === undefined ? {} : { "set-cookie": cookies }) },
    body: Buffer.from(body ?? "", isBase64Encoded === true ? "base64" : "utf8"),
  };
}
