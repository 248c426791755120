/** A durable function is invoked again and again for one execution: its replays are attempts, never flows. */
import { describe, expect, it } from "vitest";
import type { Attributes, Flow } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, traceIdOf, type SpanInput } from "./test-spans.ts";

const ARN = "arn:aws:lambda:us-east-1:123456789012:function:order:1/durable-execution/order-7/0b1c";
const api: SpanInput = { trace: "t", id: "api", kind: "server", service: "api", name: "POST /orders", ms: 100 };

/** The runs of one execution, as the wrapper records them: one trace, one parent, one identity. */
function runsOf(given: Partial<SpanInput>, attributes: Attributes = {}): SpanInput[] {
  return [1, 2, 3].map((run) => ({
    trace: "execution",
    id: `run${run}`,
    parent: "nobody",
    kind: "consumer",
    service: "order",
    name: "order",
    at: run * 1000,
    ...given,
    attributes: {
      "faas.name": "order",
      "faas.trigger": "other",
      "faas.invocation_id": `request-${run}`,
      "messaging.system": "aws.lambda",
      "messaging.destination.name": "order",
      "hopscope.message.keys": [`aws.lambda:${ARN}`],
      "aws.lambda.durable_execution.arn": ARN,
      "aws.lambda.durable_execution.replay": run > 1,
      ...attributes,
    },
  }));
}

function flowOf(inputs: readonly SpanInput[], trace: string): Flow {
  const built = buildFlow(inputs.map(span), { traceId: traceIdOf(trace) });
  if (built === undefined) throw new Error("no flow");
  return built.flow;
}

const attemptsOf = ({ nodes }: Flow) =>
  nodes.filter(({ service }) => service === "order").map(({ attempt, status }) => [attempt ?? 1, status]);

describe("replays of a durable function", () => {
  it("are attempts of the one hop from whoever invoked it", () => {
    const invoke: SpanInput = {
      trace: "t",
      id: "invoke",
      parent: "api",
      kind: "producer",
      service: "api",
      at: 10,
      attributes: {
        "messaging.system": "aws.lambda",
        "messaging.operation.type": "send",
        "messaging.destination.name": "order",
        "hopscope.message.keys": [`aws.lambda:${ARN}`],
      },
    };
    const flow = flowOf([api, invoke, ...runsOf({})], "t");
    expect(flow.roots).toHaveLength(1);
    expect(attemptsOf(flow)).toEqual([
      [1, "unset"],
      [2, "unset"],
      [3, "unset"],
    ]);
    expect(flow.gaps).toEqual([]);
  });

  it("follow the message that started the execution", () => {
    const send: SpanInput = {
      trace: "t",
      id: "send",
      parent: "api",
      kind: "producer",
      service: "api",
      at: 10,
      attributes: {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "send",
        "messaging.destination.name": "orders",
        "hopscope.message.keys": ["aws_sqs:m1"],
      },
    };
    const runs = runsOf(
      { trace: "t", parent: "send", name: "process orders" },
      {
        "messaging.system": "aws_sqs",
        "messaging.destination.name": "orders",
        "messaging.message.id": "m1",
        "hopscope.message.keys": [`aws.lambda:${ARN}`, "aws_sqs:m1"],
      },
    );
    const flow = flowOf([api, send, ...runs], "t");
    expect(flow.roots).toHaveLength(1);
    expect(attemptsOf(flow).map(([attempt]) => attempt)).toEqual([1, 2, 3]);
    expect(flow.gaps).toEqual([]);
  });

  it("are one flow with one beginning where nobody is known to have started it", () => {
    const flow = flowOf(runsOf({}), "execution");
    expect(flow.roots).toHaveLength(1);
    expect(attemptsOf(flow).map(([attempt]) => attempt)).toEqual([1, 2, 3]);
    expect(flow.gaps).toEqual([]);
  });

  it("do not wait for a retry that will not come when the last of them succeeded", () => {
    const [first, second, third] = runsOf({});
    if (!first || !second || !third) throw new Error("three runs");
    const flow = flowOf([first, { ...second, status: "error" }, third], "execution");
    expect(attemptsOf(flow).map(([, status]) => status)).toEqual(["unset", "error", "unset"]);
    expect(flow.gaps).toEqual([]);
  });
});
