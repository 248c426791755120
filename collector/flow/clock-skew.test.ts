import { expect, it } from "vitest";
import { buildFlow } from "./build-flow.ts";
import { span, spanIdOf, traceIdOf, TEST_EPOCH_MS, type SpanInput } from "./test-spans.ts";
import { fromMs } from "./instant.ts";

const api: SpanInput = { trace: "t", id: "api", kind: "server", service: "api", ms: 100 };
const call: SpanInput = { trace: "t", id: "call", parent: "api", kind: "client", service: "api", at: 10, ms: 50 };
const send: SpanInput = {
  trace: "t",
  id: "send",
  parent: "api",
  kind: "producer",
  service: "api",
  at: 70,
  ms: 5,
  attributes: { "messaging.system": "aws_sqs", "messaging.destination.name": "jobs" },
};

interface Case {
  readonly name: string;
  readonly spans: readonly SpanInput[];
  readonly of: string;
  /** Where its node begins, milliseconds after the flow. */
  readonly at: number;
  readonly skewMs: number | undefined;
}

const cases: Case[] = [
  {
    name: "a callee within its call is left alone",
    spans: [call, { trace: "t", id: "x", parent: "call", kind: "server", service: "b", at: 20, ms: 20 }],
    of: "x",
    at: 20,
    skewMs: undefined,
  },
  {
    name: "a callee before its call is put into its middle",
    spans: [call, { trace: "t", id: "x", parent: "call", kind: "server", service: "b", at: -500, ms: 20 }],
    of: "x",
    at: 25,
    skewMs: 525,
  },
  {
    name: "a callee after its call is put into its middle",
    spans: [call, { trace: "t", id: "x", parent: "call", kind: "server", service: "b", at: 900, ms: 20 }],
    of: "x",
    at: 25,
    skewMs: -875,
  },
  {
    name: "a callee that goes on after its caller gave up is left alone",
    spans: [call, { trace: "t", id: "x", parent: "call", kind: "server", service: "b", at: 20, ms: 500 }],
    of: "x",
    at: 20,
    skewMs: undefined,
  },
  {
    name: "a consumer before its message was sent begins when it was",
    spans: [send, { trace: "t", id: "x", parent: "send", kind: "consumer", service: "b", at: 30 }],
    of: "x",
    at: 70,
    skewMs: 40,
  },
  {
    name: "a consumer long after is only late",
    spans: [send, { trace: "t", id: "x", parent: "send", kind: "consumer", service: "b", at: 90_000 }],
    of: "x",
    at: 90_000,
    skewMs: undefined,
  },
  {
    name: "a job that polls began before what it took later was sent",
    spans: [
      send,
      { trace: "j", id: "x", service: "b", at: 0, ms: 500 },
      { trace: "j", id: "poll", parent: "x", kind: "consumer", service: "b", at: 80, links: [{ trace: "t", id: "send" }] },
    ],
    of: "x",
    at: 0,
    skewMs: undefined,
  },
  {
    name: "a batch begins after the last of its messages was sent, whoever sent it",
    spans: [
      send,
      { trace: "t", id: "later", parent: "send", kind: "consumer", service: "l", at: 200, ms: 50 },
      { ...send, id: "again", parent: "later", service: "l", at: 210 },
      { trace: "x", id: "x", kind: "consumer", service: "b", at: 30, links: [send, { ...send, id: "again" }] },
    ],
    of: "x",
    at: 210,
    skewMs: 180,
  },
  {
    name: "what a moved process calls moves with it",
    spans: [
      send,
      { trace: "t", id: "c", parent: "send", kind: "consumer", service: "b", at: -1000, ms: 100 },
      { trace: "t", id: "cc", parent: "c", kind: "client", service: "b", at: -990, ms: 50 },
      { trace: "t", id: "x", parent: "cc", kind: "server", service: "d", at: -980, ms: 30 },
    ],
    of: "x",
    at: 90,
    skewMs: 1070,
  },
];

it.for(cases)("$name", ({ spans, of, at, skewMs }) => {
  const built = buildFlow([api, ...spans].map(span), { traceId: traceIdOf("t") });
  const node = built?.flow.nodes.find(({ id }) => id === `inv:${spanIdOf(of)}`);
  expect(node?.startTime).toBe(fromMs(TEST_EPOCH_MS + at));
  expect(node?.clockSkewMs).toBe(skewMs);
  expect(built?.spans.find(({ spanId }) => spanId === spanIdOf(of))?.startTime).toBe(node?.startTime);
  for (const { queueWaitMs = 0 } of built?.flow.hops ?? []) expect(queueWaitMs).toBeGreaterThanOrEqual(0);
});

it.for(cases)("$name, and stands as it was sent where that is asked", ({ spans, of }) => {
  const built = buildFlow([api, ...spans].map(span), { traceId: traceIdOf("t"), clocks: "as-sent" });
  const node = built?.flow.nodes.find(({ id }) => id === `inv:${spanIdOf(of)}`);
  const sent = spans.find(({ id }) => id === of);
  expect(node?.startTime).toBe(fromMs(TEST_EPOCH_MS + (sent?.at ?? 0)));
  expect(node).not.toHaveProperty("clockSkewMs");
  for (const { queueWaitMs = 0 } of built?.flow.hops ?? []) expect(queueWaitMs).toBeGreaterThanOrEqual(0);
});
