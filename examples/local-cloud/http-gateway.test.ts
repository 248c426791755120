import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHttpGateway, type HttpGateway } from "./http-gateway.ts";
import type { InvocationOutcome } from "./runtime-api.ts";

let gateway: HttpGateway;
let event: Record<string, unknown> = {};
let outcome: InvocationOutcome;

const answer = (value: unknown): InvocationOutcome => ({
  kind: "response",
  body: Buffer.from(JSON.stringify(value)),
  streamed: false,
});

beforeAll(async () => {
  const invoke = (given: unknown): Promise<InvocationOutcome> => {
    event = given as Record<string, unknown>;
    return Promise.resolve(outcome);
  };
  gateway = await startHttpGateway({ "POST /orders": { invoke } });
});
afterAll(() => gateway.stop());

describe("the HTTP gateway (source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html)", () => {
  it("gives the function a version 2.0 event", async () => {
    outcome = answer({ statusCode: 202 });
    await fetch(`${gateway.url}/orders?a=1&a=2&b=x%20y`, {
      method: "POST",
      body: '{"n":1}',
      headers: { "X-Client": "shop", cookie: "c=1; d=2", "user-agent": "test" },
    });
    expect(event).toMatchObject({
      version: "2.0",
      routeKey: "POST /orders",
      rawPath: "/orders",
      rawQueryString: "a=1&a=2&b=x%20y",
      queryStringParameters: { a: "1,2", b: "x y" },
      cookies: ["c=1", "d=2"],
      headers: { "x-client": "shop" },
      requestContext: { http: { method: "POST", path: "/orders", userAgent: "test" }, stage: "$default" },
      body: '{"n":1}',
      isBase64Encoded: false,
    });
    expect(event["headers"]).not.toHaveProperty("cookie");
  });

  it.for([
    ["its status, headers and body", answer({ statusCode: 202, headers: { "x-a": "b" }, body: "done" }), 202, "done"],
    ["a plain value as JSON", answer({ id: 7 }), 200, '{"id":7}'],
    ["a base64 body", answer({ statusCode: 200, body: "aGk=", isBase64Encoded: true }), 200, "hi"],
    [
      "500 for a failure",
      { kind: "error", errorType: "E", errorMessage: "secret" },
      500,
      '{"message":"Internal Server Error"}',
    ],
  ] as const)("answers with %s", async ([, given, status, body]) => {
    outcome = given;
    const response = await fetch(`${gateway.url}/orders`, { method: "POST" });
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it("answers 404 for an unknown route", async () => {
    expect((await fetch(`${gateway.url}/orders`)).status).toBe(404);
  });
});
