import type { JSX } from "preact";
import { nowMs } from "../models/clock.ts";
import { Snippet } from "./empty-state.tsx";

/** How to get the first spans in: the three shortest ways, with this collector's own address. */
export function FirstSpans(): JSX.Element {
  const origin = window.location.origin;
  return (
    <>
      <Snippet label="Watch the example shop: orders, queues, retries" code="npm run demo" />
      <Snippet label="Trace your own function" code={functionSnippet(origin)} />
      <Snippet label="Or send one span by hand" code={curlSnippet(origin, nowMs.peek())} />
    </>
  );
}

function functionSnippet(origin: string): string {
  return `// npm install hopscope
import { traced, tracedClient } from "hopscope";
import { SQSClient } from "@aws-sdk/client-sqs";

const sqs = tracedClient(new SQSClient());
export const handler = traced(async (event) => {
  // your code, unchanged
});

// environment of the function
// OTEL_SERVICE_NAME=checkout
// OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`;
}

function curlSnippet(origin: string, atMs: number): string {
  const id = (digits: number): string =>
    Array.from(crypto.getRandomValues(new Uint8Array(digits / 2)), (byte) => byte.toString(16).padStart(2, "0")).join(
      "",
    );
  const attributes = '[{"key":"service.name","value":{"stringValue":"hello"}}]';
  return `curl ${origin}/v1/traces -H 'content-type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":${attributes}},
  "scopeSpans":[{"spans":[{"traceId":"${id(32)}","spanId":"${id(16)}",
    "name":"GET /hello","kind":2,
    "startTimeUnixNano":"${atMs}000000","endTimeUnixNano":"${atMs + 42}000000"}]}]}]}'`;
}
