import { describe, expect, it } from "vitest";
import { bigFlow } from "../fixtures/big-flow.ts";
import { deadLetteredOrder, retriedOrder } from "../fixtures/checkout-order.ts";
import { indexed } from "../fixtures/indexed.ts";
import { buildGraph, systemName, type GraphModel } from "./graph-model.ts";

const START = "2026-11-21T08:30:57.000000000Z";
const edges = (graph: GraphModel): string[] => {
  const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
  return graph.edges.map((edge) =>
    `${names.get(edge.from)} -> ${names.get(edge.to)} ${edge.tone} ${edge.label.join("; ")}`.trim(),
  );
};

describe("the graph of an order", () => {
  it("draws three attempts as one function with a failed edge, and the dead letter apart", () => {
    const graph = buildGraph(indexed(deadLetteredOrder(START)));
    expect(edges(graph)).toEqual([
      "POST /orders -> orders plain",
      "orders -> checkout-payments plain",
      "orders -> checkout-inventory plain",
      "checkout-inventory -> inventory plain waited 860 ms",
      "checkout-payments -> payment failed ✕ attempts 1–3 failed; waited 1.72 s, 30 s, 30 s",
      "checkout-payments -> checkout-payments-dlq failed dead-lettered",
      "checkout-payments-dlq -> cancel-order plain waited 1.24 s",
    ]);
    const payment = graph.nodes.find((node) => node.name === "payment");
    expect(payment).toMatchObject({ tone: "failed", facts: ["3 attempts, all failed", "cold start 387 ms"] });
  });

  it("keeps the attempt that went through apart from the one that failed", () => {
    const graph = buildGraph(indexed(retriedOrder(START)));
    expect(edges(graph).filter((edge) => edge.includes("-> payment"))).toEqual([
      "checkout-payments -> payment failed ✕ attempt 1 failed; waited 2.1 s",
      "checkout-payments -> payment plain ✓ attempt 2 went through; waited 29.4 s",
    ]);
    expect(graph.nodes.find((node) => node.name === "payment")?.tone).toBe("ok");
  });
});

it("says how a hop was found where no trace context crossed it", () => {
  const response = retriedOrder(START);
  for (const hop of response.flow.hops) if (hop.to.startsWith("inv:")) hop.joinedBy = "identity";
  const labels = edges(buildGraph(indexed(response)));
  expect(labels).toContain("checkout-inventory -> inventory plain waited 860 ms; joined by message id");
});

it("draws many queues between the same functions as one", () => {
  const graph = buildGraph(indexed(bigFlow(START, 400)));
  expect(graph.nodes.map((node) => node.name).slice(0, 3)).toEqual(["reconcile", "5 queues", "worker-0"]);
  expect(edges(graph).slice(0, 2)).toEqual([
    "reconcile -> 5 queues plain 5 messages",
    "5 queues -> worker-0 plain 5 messages; waited up to 1.02 s",
  ]);
});

it.for([
  ["aws_sqs", "SQS"],
  ["aws.sns", "SNS"],
  ["AmazonSQS", "SQS"],
  ["nats", "NATS"],
  ["rabbitmq", "rabbitmq"],
] as const)("calls %s %s", ([system, name]) => {
  expect(systemName(system)).toBe(name);
});
