/** Flows that begin with a span whose link leads to nothing that is stored: they are on the list like any other. */
import type { Hono } from "hono";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FlowListResponse } from "../../schema/api.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { span, traceIdOf, type SpanInput } from "../flow/test-spans.ts";
import { createApp } from "./app.ts";

let test: TestStore;
let app: Hono;

/** More than are looked at together. */
const LOST = 250;
const lost = Array.from({ length: LOST }, (_, at): SpanInput => {
  const links = [{ trace: `gone${String(at)}`, id: "gone" }];
  return { trace: `lost${String(at)}`, id: `l${String(at)}`, kind: "consumer", service: "worker", at: 1_000 + at * 10, links };
});
const orders = Array.from({ length: 30 }, (_, at): SpanInput[] => [
  { trace: `o${String(at)}`, id: `o${String(at)}`, kind: "server", service: "api", at: at * 100 },
  {
    ...{ trace: `w${String(at)}`, id: `w${String(at)}`, kind: "consumer", service: "worker", at: at * 100 + 50 },
    links: [{ trace: "gone", id: "gone" }, { trace: `o${String(at)}`, id: `o${String(at)}` }],
  },
]).flat();
const waiting: SpanInput[] = [
  { trace: "ask", id: "ask", kind: "server", service: "api", at: 5_000, links: [{ trace: "ask", id: "tell" }] },
  { trace: "ask", id: "send", parent: "ask", kind: "producer", service: "api", at: 5_001 },
  { trace: "ask", id: "work", parent: "send", kind: "consumer", service: "worker", at: 5_010 },
  { trace: "ask", id: "tell", parent: "work", kind: "producer", service: "worker", at: 5_012 },
];

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  await insertSpans(test.store, [...lost, ...orders, ...waiting].map(span));
});
afterAll(() => test.close());

const pageSizes = [7, 50, 200];
const timeout = 60_000;
it.for(pageSizes)("each of them and of the others is on one of the pages of %d, newest first", { timeout }, async (limit) => {
  const found: FlowListResponse["flows"] = [];
  const path = `/api/flows?from=2026-11-21T12:00:00Z&to=2026-11-21T13:00:00Z&limit=${String(limit)}`;
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const response = await app.request(`${path}${cursor && `&cursor=${cursor}`}`);
    expect(response.status).toBe(200);
    const page = (await response.json()) as FlowListResponse;
    found.push(...page.flows);
    cursor = page.nextCursor;
  }
  const begins = [...lost, ...orders.filter(({ service }) => service === "api"), waiting[0] as SpanInput];
  expect(found.map(({ id }) => id).toSorted()).toEqual(begins.map(({ trace }) => traceIdOf(trace)).toSorted());
  const starts = found.map(({ startTime }) => startTime);
  expect(starts).toEqual(starts.toSorted().toReversed());
});

it("a root whose cause comes later is part of that flow from then on", async () => {
  const late: SpanInput = { trace: "late", id: "late", kind: "server", service: "api", at: 9_000 };
  const taken: SpanInput = { trace: "taken", id: "taken", kind: "consumer", at: 9_050, links: [{ trace: "late", id: "late" }] };
  const idsIn = async () => {
    const response = await app.request("/api/flows?from=2026-11-21T12:00:08.900Z&to=2026-11-21T12:00:10Z");
    return ((await response.json()) as FlowListResponse).flows.map(({ id }) => id);
  };
  await insertSpans(test.store, [span(taken)]);
  expect(await idsIn()).toEqual([traceIdOf("taken")]);
  await insertSpans(test.store, [span(late)]);
  expect(await idsIn()).toEqual([traceIdOf("late")]);
});
