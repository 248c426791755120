/** The critical path, where messages pass a queue more than once. */
import { describe, expect, it } from "vitest";
import type { Flow } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, spanIdOf, traceIdOf, type SpanInput } from "./test-spans.ts";

const node = (id: string) => `inv:${spanIdOf(id)}`;

function flowOf(trace: string, inputs: readonly SpanInput[]): Flow {
  return buildFlow(inputs.map(span), { traceId: traceIdOf(trace) })?.flow as Flow;
}

/** A function that sends to its own queue, run after run; `named`: both sides tell the message's id. */
function loop(runs: number, { named }: { named: boolean }): SpanInput[] {
  const queue = { "messaging.system": "aws_sqs", "messaging.destination.name": "loop" };
  const message = (n: number) => ({ ...queue, ...(named && { "messaging.message.id": `m${String(n)}` }) });
  return Array.from({ length: runs }, (_, n): SpanInput[] => {
    const [trace, id, sent] = [`t${String(n)}`, `run${String(n)}`, `send${String(n)}`];
    const links = n === 0 || named ? [] : [{ trace: `t${String(n - 1)}`, id: `send${String(n - 1)}` }];
    const taken = n === 0 ? {} : message(n - 1);
    return [
      { trace, id, kind: n === 0 ? "server" : "consumer", at: n * 20, ms: 10, attributes: taken, links },
      { trace, id: sent, parent: id, kind: "producer", at: n * 20 + 3, ms: 2, attributes: message(n) },
    ];
  }).flat();
}

describe("the critical path", () => {
  it.for([{ named: true }, { named: false }])("goes round a cycle from its begin to its end: %o", (form) => {
    const flow = flowOf("t0", loop(4, form));
    const runs = ["run0", "run1", "run2", "run3"].map(node);
    expect(flow.criticalPath).toEqual(runs.flatMap((run, n) => (n === 0 ? [run] : ["queue:aws_sqs:loop", run])));
  });

  it("leads through the dead-letter queue and back", () => {
    const take = (id: string, at: number, queue: string, status: SpanInput["status"] = "unset"): SpanInput => {
      const attributes = { "messaging.system": "aws_sqs", "messaging.destination.name": queue, "messaging.message.id": "m" };
      return { trace: id, id, kind: "consumer", service: queue, at, ms: 10, status, attributes };
    };
    const sent = { "messaging.system": "aws_sqs", "messaging.destination.name": "q", "messaging.message.id": "m" };
    const flow = flowOf("api", [
      { trace: "api", id: "api", kind: "server", at: 0, ms: 10 },
      { trace: "api", id: "p", parent: "api", kind: "producer", at: 1, ms: 2, attributes: sent },
      take("a1", 100, "q", "error"),
      take("a2", 200, "q", "error"),
      take("dead", 300, "q-dlq"),
      take("a3", 900, "q"),
    ]);
    const [queue, dead] = ["queue:aws_sqs:q", "queue:aws_sqs:q-dlq"];
    expect(flow.criticalPath).toEqual([node("api"), queue, dead, queue, node("a3")]);
  });

  it.for([{ worksOnMs: 0 }, { worksOnMs: 500 }])("begins with the request that waited for an answer: %o", ({ worksOnMs }) => {
    const to = (queue: string, id: string) => {
      return { "messaging.system": "aws_sqs", "messaging.destination.name": queue, "messaging.message.id": id };
    };
    const flow = flowOf("t", [
      { trace: "t", id: "api", kind: "server", service: "api", at: 0, ms: 100 },
      { trace: "t", id: "ask", parent: "api", kind: "producer", service: "api", at: 1, ms: 2, attributes: to("asks", "m1") },
      { trace: "w", id: "work", kind: "consumer", service: "w", at: 10, ms: 30 + worksOnMs, attributes: to("asks", "m1") },
      { trace: "w", id: "tell", parent: "work", kind: "producer", service: "w", at: 30, ms: 2, attributes: to("tells", "m2") },
      { trace: "t", id: "hear", parent: "api", kind: "consumer", service: "api", at: 40, ms: 5, attributes: to("tells", "m2") },
    ]);
    const [asks, tells] = ["queue:aws_sqs:asks", "queue:aws_sqs:tells"];
    const there = [node("api"), asks, node("work")];
    expect(flow.criticalPath).toEqual(worksOnMs > 0 ? there : [...there, tells, node("api")]);
  });

  it("ends for clocks by which every cause came after its effect", () => {
    const backwards = loop(4, { named: false }).map((input) => ({ ...input, at: -(input.at ?? 0) }));
    const built = buildFlow(backwards.map(span), { traceId: traceIdOf("t0"), clocks: "as-sent" });
    expect(built?.flow.criticalPath.at(-1)).toBe(node("run0"));
  });
});
