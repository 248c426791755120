/**
 * Orders followed through the example: real SNS and SQS (as strict as AWS), functions in processes that freeze between
 * invocations, the built `hopscope` package, the real collector; read as a user reads them, from the API.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCheckout, type Checkout } from "../../examples/checkout/start-checkout.ts";
import type { TestCard } from "../../examples/checkout/payment-gateway.ts";
import { findLambdaRuntime } from "../../examples/local-cloud/lambda-runtime.ts";
import type { FlowListResponse, FlowSummary, FunctionListResponse } from "../../schema/api.ts";
import type { Flow, FlowNode, FlowResponse, Hop } from "../../schema/flow.ts";
import { startTestCollector, type TestCollector } from "../support/collector.ts";
import { eventually } from "../support/eventually.ts";

/** Short, so that retries come soon, and longer than a cold start on a machine that does other things as well. */
const visibilityTimeoutS = 2;
/** Longer than a busy machine takes from the container's start to both orders: these wait for its first round. */
const inventoryRoundMs = 12_000;
/** Three attempts, a cancellation and two rounds of the inventory: 11 s where nothing else runs. */
const flowTimeoutMs = 60_000;

/** Between the broker's clock, in whole milliseconds, and the functions'. */
const clockToleranceMs = 50;

let collector: TestCollector;
let shop: Checkout;
const log: string[] = [];

beforeAll(async () => {
  collector = await startTestCollector();
  shop = await startCheckout({
    otlpEndpoint: collector.url,
    visibilityTimeoutS,
    inventoryRoundMs,
    log: (line) => log.push(line),
  });
  await order("tok_declined_once");
  await order("tok_insufficient_funds");
});
afterAll(async () => {
  await shop.stop();
  await collector.close();
});

async function order(paymentToken: TestCard): Promise<void> {
  const response = await fetch(`${shop.url}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sku: "green-tea", quantity: 1, amountCents: 450, paymentToken }),
  });
  expect(response.status).toBe(202);
}

/** The one flow of the list that is as wanted, once it is there; the functions' logs where it never comes. */
async function findFlow(wanted: (flow: FlowSummary) => boolean): Promise<Flow> {
  const summary = await eventually(async () => {
    const { flows } = await collector.get<FlowListResponse>("/api/flows");
    const [found, ...others] = flows.filter(wanted);
    if (found === undefined || others.length > 0) {
      const seen = flows.map(({ name, stats }) => `${name} ${JSON.stringify(stats)}`).join("\n");
      throw new Error(`${String(others.length)} other flows; the list:\n${seen}\nlog:\n${log.join("\n")}`);
    }
    return found;
  }, flowTimeoutMs);
  return (await collector.get<FlowResponse>(`/api/flows/${summary.id}`)).flow;
}

function invocationsOf(flow: Flow, name: string): FlowNode[] {
  return flow.nodes.filter((node) => node.kind === "invocation" && node.service === name);
}

/** A hop as words: by the names of its ends. */
function inWords(flow: Flow): string[] {
  const nameOf = (id: string): string => flow.nodes.find((node) => node.id === id)?.name ?? id;
  return flow.hops.map(({ from, kind, to, attempt, failed }) => {
    const ending = attempt === undefined ? "" : ` (attempt ${String(attempt)}${failed === true ? ", failed" : ""})`;
    return `${nameOf(from)} -${kind}-> ${nameOf(to)}${ending}`;
  });
}

function msOf(instant: string | undefined): number {
  return Date.parse(instant ?? "");
}

/** By attempt. */
function hopsInto(flow: Flow, service: string): Hop[] {
  const ids = new Set(invocationsOf(flow, service).map(({ id }) => id));
  return flow.hops.filter((hop) => ids.has(hop.to)).sort((a, b) => (a.attempt ?? 0) - (b.attempt ?? 0));
}

describe(`an order whose payment fails once, functions under ${findLambdaRuntime().name}`, () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await findFlow(({ stats }) => stats.retries === 1 && stats.invocations === 4);
  });

  it("is one flow from the request over the topic to both consumers", () => {
    expect(flow.name).toBe("POST /orders");
    expect(flow.roots.map((id) => flow.nodes.find((node) => node.id === id)?.service)).toEqual(["checkout-api"]);
    expect(inWords(flow)).toEqual(
      expect.arrayContaining([
        "checkout-api -publish-> orders",
        "orders -deliver-> checkout-payments",
        "orders -deliver-> checkout-inventory",
        "checkout-payments -receive-> checkout-payment (attempt 1, failed)",
        "checkout-payments -receive-> checkout-payment (attempt 2)",
      ]),
    );
    expect(flow.gaps).toEqual([]);
  });

  it("says which attempt failed and why", () => {
    const attempts = invocationsOf(flow, "checkout-payment");
    expect(attempts).toMatchObject([
      {
        attempt: 1,
        attempts: 2,
        status: "error",
        error: { type: "CardDeclinedError", message: "card declined: try_again_later" },
      },
      { attempt: 2, attempts: 2 },
    ]);
    expect(attempts[1]?.status).not.toBe("error");
    expect(flow.status).not.toBe("error");
    expect(flow.stats).toMatchObject({ retries: 1, errors: 1, deadLetters: 0 });
  });

  it("tells the time in the queue from the time in code", () => {
    const [first, second] = hopsInto(flow, "checkout-payment");
    const [firstAttempt] = invocationsOf(flow, "checkout-payment");
    expect(first?.queueWaitMs).toBeGreaterThanOrEqual(0);
    // Between the two receives lie the visibility timeout, and in it the first attempt's run, which is no waiting.
    const betweenMs = msOf(second?.receivedTime) - msOf(first?.receivedTime);
    expect(betweenMs).toBeGreaterThan(visibilityTimeoutS * 900);
    expect(second?.queueWaitMs).toBeGreaterThan(0);
    expect(second?.queueWaitMs).toBeLessThanOrEqual(betweenMs - (firstAttempt?.durationMs ?? 0) + clockToleranceMs);
  });

  it("starts cold, and says how long that took", () => {
    const [api] = invocationsOf(flow, "checkout-api");
    expect(api).toMatchObject({ coldStart: true });
    expect(api?.initMs).toBeGreaterThan(10);
    expect(flow.stats.coldStarts).toBeGreaterThanOrEqual(2);
  });

  it("shares a batch of the inventory with the other order, and is not merged with it", () => {
    const [reserve] = invocationsOf(flow, "checkout-inventory").concat(
      flow.nodes.filter((node) => node.service === "checkout-inventory" && node.kind === "request"),
    );
    // The other order's cancellation may have come by then, too.
    expect(reserve?.batch?.size).toBeGreaterThanOrEqual(2);
    expect(flow.nodes.filter(({ service }) => service === "checkout-api")).toHaveLength(1);
  });

  it("is joined by the context that each message carried", () => {
    const receives = flow.hops.filter(({ kind }) => kind === "receive");
    expect(receives.map(({ joinedBy }) => joinedBy)).toEqual(["parent", "parent", "parent"]);
  });
});

describe("an order whose payment always fails", () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await findFlow(({ stats, services }) => {
      return stats.deadLetters > 0 && services.includes("checkout-cancel-order") && stats.invocations >= 7;
    });
  });

  it("ends in the dead-letter queue after three attempts, and is cancelled", () => {
    expect(invocationsOf(flow, "checkout-payment")).toMatchObject([
      { attempt: 1, status: "error" },
      { attempt: 2, status: "error" },
      { attempt: 3, status: "error", error: { type: "CardDeclinedError", message: "card declined: insufficient_funds" } },
    ]);
    expect(inWords(flow)).toEqual(
      expect.arrayContaining([
        "checkout-payments -dead-letter-> checkout-payments-dlq",
        expect.stringMatching(/^checkout-payments-dlq -receive-> checkout-cancel-order/),
      ]),
    );
    expect(flow.nodes.find(({ name }) => name === "checkout-payments-dlq")).toMatchObject({ deadLetter: true });
    expect(flow.status).toBe("error");
  });

  it("goes on from the cancellation to the inventory, which takes back what it reserved", () => {
    expect(inWords(flow)).toContain("checkout-cancel-order -publish-> checkout-inventory");
    expect(hopsInto(flow, "checkout-inventory")).toHaveLength(2);
    expect(flow.gaps).toEqual([]);
  });
});

it("shows every function with its invocations, errors and cold starts", async () => {
  const functions = await eventually(async () => {
    const { functions: listed } = await collector.get<FunctionListResponse>("/api/functions");
    expect(listed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["checkout-api", "checkout-cancel-order", "checkout-payment"]),
    );
    return Object.fromEntries(listed.map((summary) => [summary.name, summary]));
  });
  expect(functions["checkout-api"]).toMatchObject({ invocations: 2, errors: 0, coldStarts: 1 });
  expect(functions["checkout-cancel-order"]).toMatchObject({ invocations: 1, errors: 0, coldStarts: 1 });
  expect(functions["checkout-payment"]?.invocations).toBeGreaterThanOrEqual(3);
  expect(functions["checkout-payment"]?.durationMs.p50).toBeGreaterThan(10);
});
