/** Spans that an exporter sent again are stored again: pages over them neither end early nor show anything twice. */
import type { Hono } from "hono";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FlowListResponse, SpanListResponse } from "../../schema/api.ts";
import type { Span } from "../../schema/flow.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { span } from "../flow/test-spans.ts";
import { createApp } from "./app.ts";

/** More than the list of flows reads together. */
const FLOWS = 300;
const SPANS_PER_FLOW = 3;

let test: TestStore;
let app: Hono;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  const spans = Array.from({ length: FLOWS }, (_, at) => {
    const common = { trace: `t${String(at)}`, service: "twice", at: at * 10 };
    const root = span({ ...common, id: `s${String(at)}`, kind: "server" });
    const inside = ["a", "b"].map((name) => span({ ...common, id: `${name}${String(at)}`, parent: `s${String(at)}` }));
    return [root, ...inside];
  }).flat();
  const [again, moved] = [spans.at(-30), spans.at(-60)] as [Span, Span];
  await insertSpans(test.store, spans);
  await insertSpans(test.store, [again, again]);
  // As a span whose clock is wild, which is stored at its arrival, is when it is sent again.
  await insertSpans(test.store, [{ ...moved, startTime: (spans[0] as Span).startTime }]);
});
afterAll(() => test.close());

type Paged = { readonly nextCursor?: string | undefined };

async function pages<Page extends Paged, Item>(path: string, items: (page: Page) => Item[]): Promise<Item[]> {
  const found: Item[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const response = await app.request(`${path}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    expect(response.status).toBe(200);
    const page = (await response.json()) as Page;
    found.push(...items(page));
    cursor = page.nextCursor;
  }
  return found;
}

const range = "from=2026-11-21T12:00:00Z&to=2026-11-21T13:00:00Z";

it.for([100, 1_000])("every span is on one of the pages of %d", async (limit) => {
  const path = `/api/spans?${range}&service=twice&limit=${String(limit)}`;
  const namesOf = ({ spans }: SpanListResponse) => spans.map(({ spanId, startTime }) => spanId + startTime);
  const found = await pages(path, namesOf);
  expect(new Set(found).size).toBe(found.length);
  expect(found).toHaveLength(FLOWS * SPANS_PER_FLOW + 1);
});

it.for([
  ["of a filter", "&service=twice"],
  ["of all", ""],
] as const)("every flow is on one of the pages %s, and on no other", async ([, filter]) => {
  const path = `/api/flows?${range}&limit=200${filter}`;
  const found = await pages(path, ({ flows }: FlowListResponse) => flows.map(({ id }) => id));
  expect(new Set(found).size).toBe(found.length);
  expect(found).toHaveLength(FLOWS);
});
