/** What was exported and imported again is the same, to the last bit. */
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { arbitraryRequest } from "../../test/support/arbitrary-spans.ts";
import { insertOtlp } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { traceIdOf, spanIdOf } from "../flow/test-spans.ts";
import { otlpSpans } from "../store/queries/otlp-spans.ts";
import type { Store } from "../store/store.ts";
import { createApp } from "./app.ts";
import { toOtlpRequest } from "./otlp-export.ts";

let stores: readonly [TestStore, TestStore];

beforeAll(async () => {
  stores = [await createTestStore(), await createTestStore()];
});

afterAll(async () => {
  await Promise.all(stores.map((each) => each.close()));
});

/** Every column that was sent, of every row; a start that was moved is moved to the time of its import. */
async function rowsOf(store: Store): Promise<unknown[]> {
  return store.query(
    "SELECT if(position(rest, 'startTimeUnixNano') > 0, '', toString(start_time)) AS start," +
      " * EXCEPT (start_time, seen_after, trace_id, span_id, parent_span_id, `links.trace_id`, `links.span_id`)," +
      " hex(trace_id), hex(span_id) AS id, hex(parent_span_id)," +
      " arrayMap(id -> hex(id), `links.trace_id`), arrayMap(id -> hex(id), `links.span_id`) FROM spans ORDER BY id",
  );
}

/** Requests that are stored and exported together: a store takes its time for each. */
const requests = 60;

it(`of any spans, in ${String(requests)} requests`, { timeout: 120_000 }, async () => {
  const [first, second] = [stores[0].store, stores[1].store];
  const many = fc.array(arbitraryRequest, { minLength: requests, maxLength: requests });
  const property = fc.asyncProperty(many, async (all) => {
    await insertOtlp(first, ...all);
    const ids = await first.query<{ id: string }>("SELECT DISTINCT lower(hex(trace_id)) AS id FROM spans");
    const exported = await otlpSpans(first, { traceIds: ids.map(({ id }) => id), limit: 10_000 });
    expect(exported.length).toBeGreaterThan(requests);
    await insertOtlp(second, JSON.parse(JSON.stringify(toOtlpRequest(exported))) as object);
    expect(await rowsOf(second)).toEqual(await rowsOf(first));
  });
  // Shrinking would find what was stored before: a failure shows both rows as they are.
  await fc.assert(property, { numRuns: 1, endOnFailure: true });
});

interface Exported {
  readonly resourceSpans: {
    readonly resource: object;
    readonly scopeSpans: { readonly scope: object; readonly spans: { readonly attributes: object[] }[] }[];
  }[];
}

it("of a flow, whose whole doubles stay doubles", async () => {
  const [first, second] = stores;
  const signed = { key: "signed", value: { doubleValue: "-0" } };
  const attributes = [
    { key: "whole", value: { doubleValue: 5 } },
    { key: "zero", value: { doubleValue: 0 } },
    { key: "odd", value: { doubleValue: "NaN" } },
    signed,
    { key: "signed inside", value: { arrayValue: { values: [{ doubleValue: "-0" }] } } },
    { key: "endless", value: { doubleValue: "-Infinity" } },
    { key: "count", value: { intValue: "9223372036854775807" } },
    { key: "bytes", value: { bytesValue: "AQI=" } },
    { key: "list", value: { arrayValue: { values: [{ doubleValue: 2 }, { intValue: "2" }, {}] } } },
  ];
  const nanos = String(BigInt(Date.now() - 5_000) * 1_000_000n);
  const ids = { traceId: traceIdOf("flow"), spanId: spanIdOf("one") };
  const span = { ...ids, name: "work", kind: 2, startTimeUnixNano: nanos, endTimeUnixNano: nanos, attributes };
  const resource = { attributes: [{ key: "ratio", value: { doubleValue: 1 } }, signed] };
  const scope = { name: "s", version: "1" };
  await insertOtlp(first.store, { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] });
  const exportOf = async ({ store }: TestStore) => {
    const response = await createApp({ store }).request(`/api/flows/${ids.traceId}/otlp`);
    return (await response.json()) as Exported;
  };
  const exported = await exportOf(first);
  await insertOtlp(second.store, exported);
  expect(await exportOf(second)).toEqual(exported);
  const [group] = exported.resourceSpans;
  expect([group?.resource, group?.scopeSpans[0]?.scope]).toEqual([resource, scope]);
  const byKey = (list: readonly object[] = []) => new Map(list.map((each) => [(each as { key: string }).key, each]));
  expect(byKey(group?.scopeSpans[0]?.spans[0]?.attributes)).toEqual(byKey(attributes));
});
