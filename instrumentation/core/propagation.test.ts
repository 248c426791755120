/** What a sender says of itself in `tracestate`, and what its receiver makes of that. */
import type { SpanContext } from "@opentelemetry/api";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { detect } from "../events/index.ts";
import type * as Hopscope from "../index.ts";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import { readConfig } from "./config.ts";
import { carry, describeSender, originOf } from "./propagation.ts";
import { PassingSpan } from "./span.ts";
import { parseTraceParent } from "./trace-parent.ts";
import { parseTraceState } from "./trace-state.ts";

const TRACE = "a".repeat(32);
const ORIGIN = "c".repeat(32);
const SPAN = "b".repeat(16);
const SENT_MS = 1_763_712_000_000;
const config = readConfig({ OTEL_SERVICE_NAME: "shop, café" });

/** What a receiver gets of a span that has `state`. */
function received(state = "", service = "shop, café"): { context: SpanContext; tracestate: string } {
  const traceState = parseTraceState(state);
  const span = new PassingSpan({ traceId: TRACE, spanId: SPAN, traceFlags: 1, ...(traceState && { traceState }) });
  const carried = carry(span, readConfig({ OTEL_SERVICE_NAME: service }), undefined, SENT_MS);
  const context = parseTraceParent(carried?.traceparent, carried?.tracestate);
  if (!carried || !context) throw new Error("nothing was carried");
  return { context, tracestate: carried.tracestate };
}

describe("a receiver", () => {
  it("knows service and time of its sender, and the origin of the flow", () => {
    expect(describeSender(received(`hs=p:1;o:${ORIGIN}`).context, "sent")).toEqual({
      "service.peer.name": "shop, café",
      sent: SENT_MS,
      "hopscope.origin.trace_id": ORIGIN,
    });
  });

  it("takes neither service nor time of a sender before a tracer that does not know our member", () => {
    const { tracestate } = received(`hs=o:${ORIGIN}`);
    const between = parseTraceParent(`00-${TRACE}-${"d".repeat(16)}-01`, tracestate);
    expect(between && describeSender(between, "sent")).toEqual({ "hopscope.origin.trace_id": ORIGIN });
  });

  it.for([
    [`p:${SPAN};t:zzzzzzzzzzzzzzzz;s:%E0%A4%A;o:nonsense`],
    [`p:${SPAN};t:-1;s:;o:${"0".repeat(31)}`],
    [`p:${SPAN};t:;;;;`],
    ["old"],
  ])("believes nothing that cannot be: %s", ([member = ""]) => {
    const traceState = parseTraceState(`hs=${member}`);
    const context = { traceId: TRACE, spanId: SPAN, traceFlags: 1, ...(traceState && { traceState }) };
    expect(describeSender(context, "sent")).toEqual({});
    expect(originOf(context)).toBe(TRACE);
  });

  it("knows the whole characters that had room of a long name", () => {
    const name = describeSender(received("", "é".repeat(300)).context, "sent")["service.peer.name"];
    expect(name).toBe("é".repeat(16));
  });
});

describe("tracestate", () => {
  const key = fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,20}$/).filter((name) => name !== "hs");
  const value = fc.stringMatching(/^[!-+--<>-~]{1,200}$/);
  const members = fc.uniqueArray(fc.tuple(key, value), { maxLength: 32, selector: ([name]) => name });

  it("has ours first, others in their order, and stays within 512 characters and 32 members", () => {
    fc.assert(
      fc.property(members, (given) => {
        const { tracestate } = received(given.map((pair) => pair.join("=")).join(","));
        const [own, ...others] = tracestate.split(",");
        expect(own).toMatch(/^hs=p:/);
        expect(tracestate.length).toBeLessThanOrEqual(512);
        expect(others.length).toBeLessThanOrEqual(31);
        const order = given.map((pair) => pair.join("="));
        expect(order.filter((text) => others.includes(text))).toEqual(others);
      }),
    );
  });

  it("loses long members before short ones where not all have room", () => {
    const given = [`long=${"x".repeat(250)}`, `short=${"y".repeat(100)}`, `last=${"z".repeat(120)}`];
    const { tracestate } = received(given.join(","));
    expect(tracestate.split(",").slice(1)).toEqual(given.slice(1));
  });
});

describe("an invocation", () => {
  let collector: TestCollector;
  let hopscope: typeof Hopscope;

  beforeAll(async () => {
    collector = await startCollector();
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
    process.env.OTEL_BSP_SCHEDULE_DELAY = "10";
    process.env.OTEL_SERVICE_NAME = "inventory";
    hopscope = await import("../index.ts");
  });
  beforeEach(() => {
    collector.spans.length = 0;
  });
  afterAll(() => collector.close());

  const headersOf = (traceId: string, state = "") => {
    const traceState = parseTraceState(state);
    const context = { traceId, spanId: SPAN, traceFlags: 1, ...(traceState && { traceState }) };
    const { traceparent = "", tracestate = "" } = carry(new PassingSpan(context), config, undefined, SENT_MS) ?? {};
    return { traceparent, tracestate };
  };
  const message = (MessageId: string, traceId: string, Attributes = {}) => ({
    MessageId,
    ReceiptHandle: MessageId,
    Attributes,
    MessageAttributes: Object.fromEntries(
      Object.entries(headersOf(traceId)).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
    ),
  });
  /** The invocation, and what it sends on meanwhile. */
  async function run(event: unknown) {
    let sent: Record<string, string> = {};
    await hopscope.traced(async (_: unknown) => {
      const api = await import("@opentelemetry/api");
      api.propagation.inject(api.context.active(), (sent = {}));
    })(event);
    const [span] = await collector.waitFor((spans) => spans.length > 0);
    return { span, sent };
  }

  it("by HTTP records who called, and when", async () => {
    const { span } = await run({ requestContext: { http: { method: "GET" } }, headers: headersOf(TRACE) });
    expect(span?.attributes).toMatchObject({ "service.peer.name": "shop, café", "hopscope.request.sent_ms": SENT_MS });
    expect(span?.attributes).not.toHaveProperty("hopscope.message.sent_ms");
  });

  it("by Lambda's Invoke records who invoked, and when", () => {
    const trigger = detect({ n: 1 }, { awsRequestId: "r", clientContext: { custom: headersOf(TRACE) } });
    expect(trigger.parent && describeSender(trigger.parent, "hopscope.message.sent_ms")).toMatchObject({
      "hopscope.message.sent_ms": SENT_MS,
    });
  });

  it("by a message takes the transport's time before the sender's", async () => {
    const { span } = await run([message("a", TRACE, { SentTimestamp: "1763712005000" })]);
    expect(span?.attributes).toMatchObject({
      "service.peer.name": "shop, café",
      "hopscope.message.sent_ms": 1_763_712_005_000,
    });
  });

  it("by a message of a transport that gives no time has the sender's", async () => {
    const { span } = await run([message("a", TRACE)]);
    expect(span?.attributes).toMatchObject({ "hopscope.message.sent_ms": SENT_MS });
  });

  it("by a batch of one flow hands on in which trace that began", async () => {
    const { span, sent } = await run([message("a", TRACE), message("b", TRACE)]);
    expect(span?.traceId).not.toBe(TRACE);
    expect(span?.attributes["hopscope.origin.trace_id"]).toBe(TRACE);
    expect(sent.tracestate).toMatch(new RegExp(`^hs=p:${span?.spanId};t:[0-9a-z]+;s:inventory;o:${TRACE}$`));
    expect(span?.links.map(({ attributes }) => attributes["service.peer.name"])).toEqual(["shop, café", "shop, café"]);
    collector.spans.length = 0;
    const next = await run({ requestContext: { http: { method: "GET" } }, headers: sent });
    expect(next.span?.attributes["hopscope.origin.trace_id"]).toBe(TRACE);
    expect(next.sent.tracestate).toContain(`;o:${TRACE}`);
  });

  it("by a batch of several flows names none of them", async () => {
    const { sent } = await run([message("a", TRACE), message("b", ORIGIN)]);
    expect(sent.tracestate).not.toContain(";o:");
  });
});
