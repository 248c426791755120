/** What differs between two flows, and nothing else. */
import { describe, expect, it } from "vitest";
import { buildFlow, type BuiltFlow } from "./build-flow.ts";
import { compareAttributes, compareHops, compareSteps } from "./compare-flows.ts";
import { span, TEST_EPOCH_MS, traceIdOf, type SpanInput } from "./test-spans.ts";

/** An order; the slow one has a cold, failing consumer, tried again, and a call that the other does not make. */
function order(trace: string, isSlow: boolean): BuiltFlow {
  const message = {
    "messaging.system": "aws_sqs",
    "messaging.destination.name": "payments",
    "messaging.message.id": trace,
  };
  const consumer = (id: string, at: number, rest: Partial<SpanInput> = {}): SpanInput => ({
    trace: `${trace}-${id}`,
    id: `${trace}-${id}`,
    kind: "consumer",
    service: "payment",
    at,
    ms: 30,
    ...rest,
    attributes: { ...message, "hopscope.message.sent_ms": TEST_EPOCH_MS + 8, ...rest.attributes },
  });
  const inputs: SpanInput[] = [
    { trace, id: `${trace}-a`, name: "POST /orders", kind: "server", service: "api", ms: 20, attributes: { tier: isSlow ? "gold" : "basic" } },
    { trace, id: `${trace}-p`, parent: `${trace}-a`, kind: "producer", service: "api", at: 5, ms: 5, attributes: message },
    ...(isSlow
      ? [
          consumer("c1", 50, { status: "error", attributes: { "faas.coldstart": true } }),
          consumer("c2", 900, { ms: 300 }),
          { trace: `${trace}-c2`, id: `${trace}-d`, parent: `${trace}-c2`, kind: "client" as const, service: "payment", at: 910, ms: 250, attributes: { "server.address": "bank.example" } },
        ]
      : [consumer("c1", 50)]),
  ];
  return buildFlow(inputs.map(span), { traceId: traceIdOf(trace) }) ?? expect.fail("no flow");
}

const [slow, fast] = [order("slow", true), order("fast", false)];

describe("two flows side by side", () => {
  it("have their steps by name, with their times", () => {
    expect(compareSteps(slow.flow, fast.flow)).toMatchObject([
      { kind: "request", name: "POST /orders", flow: { count: 1, durationMs: 20 }, other: { count: 1, durationMs: 20 } },
      { kind: "queue", name: "payments", flow: { count: 1 }, other: { count: 1 } },
      {
        kind: "invocation",
        name: "payment",
        flow: { count: 2, errors: 1, coldStarts: 1, retries: 1, durationMs: 330, maxMs: 300 },
        other: { count: 1, errors: 0, coldStarts: 0, retries: 0, durationMs: 30, maxMs: 30 },
      },
      { kind: "external", name: "bank.example", flow: { count: 1 }, other: null },
    ]);
    expect(compareSteps(fast.flow, slow.flow).at(-1)).toMatchObject({ name: "bank.example", flow: null });
  });

  it("have their hops by name", () => {
    const hops = compareHops(slow.flow, fast.flow);
    expect(hops.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ["call", "payment", "bank.example"],
      ["publish", "POST /orders", "payments"],
      ["receive", "payments", "payment"],
    ]);
    expect(hops[0]).toMatchObject({ flow: { count: 1 }, other: null });
    expect(hops[2]).toMatchObject({ flow: { count: 2, failed: 1, attempts: 2 }, other: { count: 1, failed: 0 } });
  });

  it("differ in what their spans say, the most first", () => {
    const compared = compareAttributes(slow, fast, 50);
    expect(compared).toContainEqual({ key: "tier", value: "gold", share: 1 / 5, otherShare: 0 });
    expect(compared).toContainEqual({ key: "tier", value: "basic", share: 0, otherShare: 1 / 3 });
    expect(compared.map(({ key }) => key)).not.toContain("messaging.message.body");
    const differences = compared.map(({ share, otherShare }) => Math.abs(share - otherShare));
    expect(differences).toEqual(differences.toSorted((a, b) => b - a));
    expect(compareAttributes(slow, fast, 2)).toEqual(compared.slice(0, 2));
  });

  it("do not differ where they are one", () => {
    expect(compareAttributes(slow, slow, 50)).toEqual([]);
    for (const { flow, other } of compareSteps(slow.flow, slow.flow)) expect(flow).toEqual(other);
  });
});
