/** Messages of which nothing crossed but the body: SNS to SQS, raw delivery, ten attributes of the user's own. */
import { describe, expect, it } from "vitest";
import type { Flow, Span } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, TEST_EPOCH_MS, traceIdOf } from "./test-spans.ts";

interface Publish {
  readonly at?: number;
  readonly topic?: string;
  readonly body?: string;
  readonly system?: string;
}

/** A request that publishes: the trace of that name. */
function publisher(name: string, { at = 0, topic = "orders", body = "b", system = "aws.sns" }: Publish = {}): Span[] {
  const attributes = {
    "messaging.system": system,
    "messaging.operation.type": "send",
    "messaging.destination.name": topic,
    "hopscope.message.body_md5": body,
    "hopscope.message.keys": [`${system}:${name}`, `body_md5:${body}`],
  };
  return [
    span({ trace: name, id: name, kind: "server", at, ms: 20 }),
    span({ trace: name, id: `${name}s`, parent: name, kind: "producer", at: at + 5, ms: 5, attributes }),
  ];
}

interface Taken {
  readonly sentAt?: number;
  readonly at?: number;
  readonly body?: string;
  /** Whether the consumer found nothing else that leads to the sender. */
  readonly alone?: boolean;
}

function consumer(name: string, { sentAt = 12, at = 50, body = "b", alone = true }: Taken = {}): Span {
  return span({
    trace: name,
    id: name,
    kind: "consumer",
    service: "billing",
    at,
    attributes: {
      "messaging.system": "aws_sqs",
      "messaging.destination.name": "bills",
      "messaging.operation.type": "process",
      "hopscope.message.sent_ms": TEST_EPOCH_MS + sentAt,
      "hopscope.message.body_md5": body,
      "hopscope.message.keys": [`aws_sqs:${name}`, ...(alone ? [`body_md5:${body}`] : [])],
    },
  });
}

function flowOf(trace: string, spans: readonly Span[]): Flow {
  const built = buildFlow(spans, { traceId: traceIdOf(trace) });
  if (!built) throw new Error("no flow");
  return built.flow;
}

const joins = ({ hops }: Flow) => hops.map(({ kind, joinedBy }) => `${kind} by ${joinedBy}`);
const JOINED = ["publish by content", "deliver by content", "receive by content"];
const minuteMs = 60_000;

describe("a message of which only the body crossed", () => {
  it.for<[string, Span[], string[]]>([
    ["is joined to the one publish of that body", [...publisher("p"), consumer("c")], JOINED],
    ["is not joined to another body", [...publisher("p", { body: "x" }), consumer("c")], []],
    ["is not joined where two publishes are as near", [...publisher("p"), ...publisher("q"), consumer("c")], []],
    [
      "is not joined where another topic's publish has the same body",
      [...publisher("p"), ...publisher("q", { topic: "returns" }), consumer("c")],
      [],
    ],
    [
      "is joined where the other publish was a minute before",
      [...publisher("p"), ...publisher("q", { at: -minuteMs }), consumer("c")],
      JOINED,
    ],
    ["is not joined to a publish of a minute before alone", [...publisher("p", { at: -minuteMs }), consumer("c")], []],
    ["is not joined to a publish that came after it", [...publisher("p", { at: minuteMs }), consumer("c")], []],
    [
      "is joined however long it waited in the queue",
      [...publisher("p"), consumer("c", { at: 86_400_000 })],
      JOINED,
    ],
    ["is not joined where it came with a context", [...publisher("p"), consumer("c", { alone: false })], []],
    ["is not joined to what was sent to a queue", [...publisher("p", { system: "aws_sqs" }), consumer("c")], []],
  ])("%s", ([, spans, expected]) => {
    expect(joins(flowOf("c", spans))).toEqual(expected.length > 0 ? expected : ["receive by identity"]);
    const { hops } = flowOf("p", spans);
    expect(hops.some(({ kind }) => kind === "receive")).toBe(expected.length > 0);
  });

  it("is joined in every queue that the topic passed it on to", () => {
    const spans = [...publisher("p"), consumer("c"), consumer("d")];
    const receives = flowOf("p", spans).hops.filter(({ kind }) => kind === "receive");
    expect(receives.map(({ joinedBy }) => joinedBy)).toEqual(["content", "content"]);
  });

  it("says on both sides that it may be one of several", () => {
    const spans = [...publisher("p"), ...publisher("q", { at: 9 }), consumer("c")];
    const [received] = flowOf("c", spans).gaps;
    expect(received).toMatchObject({ kind: "missing-parent", messageId: "c" });
    expect(received?.message).toMatch(/what sent this to bills is not known: .*several messages with the same body/);
    for (const trace of ["p", "q"]) {
      const [sent] = flowOf(trace, spans).gaps;
      expect(sent).toMatchObject({ kind: "not-received", messageId: trace });
      expect(sent?.message).toMatch(/what received it is not known: .*several messages had the same body/);
    }
  });
});
