import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import type { Span } from "../../../schema/flow.ts";
import { ALL_GROUPS } from "../column-groups.ts";
import { spanColumns } from "./span-row.ts";
import { spanOfTrace, spansOfTraces } from "./spans-of-traces.ts";

const TEXTS = ["trace_state", "faas_invocation_text", "messaging_message_text", "init_type", "status_message"];
const MORE_TEXTS = ["error_type", "faas_trigger", "http_request_method", "http_route", "url_path", "server_address"];
const NUMBERS = ["timed_out", "faas_coldstart", "memory_used", "messaging_batch_message_count", "message_sent_ms"];
const MORE_NUMBERS = ["message_receive_count", "http_response_status_code"];
const UUIDS = ["faas_invocation_uuid", "messaging_message_uuid"];
const EVENTS = { "events.time_unix_nano": [1], "events.name": ["event"], "events.attributes": [""] };
const LINKS = { "links.trace_id": ["a trace's 16 byt"], "links.span_id": ["a span's"] };
const MORE_OF_LINKS = { "links.trace_state": ["a=b"], "links.attributes": [""], "links.dropped_attributes_count": [0] };

type Columns = Readonly<Record<string, unknown>>;
/** What one span has of the columns that may be left out. */
const ONES: readonly Columns[] = [
  ...[...TEXTS, ...MORE_TEXTS].map((column) => ({ [column]: "text" })),
  ...[...NUMBERS, ...MORE_NUMBERS].map((column) => ({ [column]: 2 })),
  ...UUIDS.map((column) => ({ [column]: "0196a8b2-7c5e-7d3f-9a1b-2c3d4e5f6a7b" })),
  { init_duration_ms: 12.5 },
  { init_duration_ms: -0 },
  { attributes_double: { a: 0.5 } },
  { attributes_bool: { a: 1 } },
  { attributes_json: { a: '{"arrayValue":{}}' } },
  { ...EVENTS, "events.dropped_attributes_count": [0] },
  { ...LINKS, ...MORE_OF_LINKS, "links.flags": [0] },
];

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
  await insertSpans([{}, ...ONES].map((columns, trace) => ({ trace, columns })));
});
afterAll(() => db.close());

const HOURS_AGO_S = Math.floor(Date.now() / 1000) - 3 * 3600;
const SPAN_ID = Buffer.from("the span").toString("hex");
const traceIdOf = (trace: number) => Buffer.from(textOf(trace)).toString("hex");
const textOf = (trace: number) => `trace ${String(trace).padStart(10, "0")}`;

interface OneSpan {
  readonly trace: number;
  readonly columns: Columns;
  readonly atS?: number;
}

async function insertSpans(spans: readonly OneSpan[]): Promise<void> {
  const rows = spans.map(({ trace, columns, atS = HOURS_AGO_S }) => {
    const ids = { trace_id: textOf(trace), span_ids: "the span", start_time: String(atS) };
    // JSON has no negative zero of its own.
    return JSON.stringify({ ...ids, ...columns }).replace(`"init_duration_ms":0`, `"init_duration_ms":-0.0`);
  });
  await db.store.command(`INSERT INTO spans FORMAT JSONEachRow ${rows.join("\n")}`);
}

async function read(trace: number, store = db.store): Promise<Span[]> {
  return spansOfTraces(store, { traceIds: [traceIdOf(trace)], limit: 10 });
}

/** The store, and what is asked of its spans. */
function spiedOn(): { readonly store: typeof db.store; readonly asked: readonly string[] } {
  const asked: string[] = [];
  const queryBlocks: typeof db.store.queryBlocks = (sql, ...rest) => {
    if (sql.includes("FROM spans")) asked.push(sql);
    return db.store.queryBlocks(sql, ...rest);
  };
  return { store: { ...db.store, queryBlocks }, asked };
}

it.for(ONES.map((columns, at) => ({ names: Object.keys(columns).join(), trace: at + 1 })))(
  "shows what few spans have where a span has nothing else of the kind: $names",
  async ({ trace }) => {
    // One span by its id is read in all columns.
    const whole = await spanOfTrace(db.store, { traceId: traceIdOf(trace), spanId: SPAN_ID });
    expect(await read(trace)).toEqual([whole]);
    const [blank] = await read(0);
    expect({ ...whole, traceId: "" }).not.toEqual({ ...blank, traceId: "" });
  },
);

it("is shown by one of these tests for every column that may be left out", () => {
  const columnsOf = (groups: number) => spanColumns(groups).split(", ").map((one) => one.replace(/^`(.*)` AS .*$/, "$1"));
  const [always, tried] = [columnsOf(0), ONES.flatMap((columns) => Object.keys(columns))];
  const rest = columnsOf(ALL_GROUPS).filter((column) => !always.includes(column));
  expect(rest.length).toBeGreaterThan(20);
  expect(rest.filter((column) => !tried.includes(column))).toEqual([]);
});

it("reads only what spans of the trace fill, in any of its inserts, before and after their rows are merged", async () => {
  const trace = 1_000;
  await insertSpans([{ trace, columns: { http_route: "/orders" } }]);
  await insertSpans([{ trace, columns: { error_type: "TypeError" }, atS: HOURS_AGO_S + 1 }]);
  const { store, asked } = spiedOn();
  const seen = async () => {
    const spans = await read(trace, store);
    return spans.reduce((all, { attributes }) => ({ ...all, ...attributes }), {});
  };
  const expected = { "error.type": "TypeError", "http.route": "/orders" };
  expect(await seen()).toEqual(expected);
  await db.store.command("OPTIMIZE TABLE trace_index FINAL");
  expect(await seen()).toEqual(expected);
  expect(asked).toHaveLength(2);
  for (const sql of asked) {
    expect(sql).toMatch(/error_type.*http_route/s);
    expect(sql).not.toContain("memory_used");
  }
});

it("leaves nothing out of a trace to which spans may still come, as they are seen before its index is", async () => {
  const trace = 1_001;
  await insertSpans([{ trace, columns: {}, atS: Math.floor(Date.now() / 1000) }]);
  const { store, asked } = spiedOn();
  await read(trace, store);
  expect(asked).toEqual([expect.stringContaining(spanColumns(ALL_GROUPS))]);
});

it.for([
  { name: "of one time, by slots and by traces", first: 2_000, stepS: 0, by: "IN {traceIds:" },
  { name: "of times apart, by the places of each", first: 2_010, stepS: 600, by: "IN {places:" },
  { name: "too many to be named", first: 3_000, stepS: 1, count: 600, by: "arrayJoin" },
])("finds every span of traces $name", async ({ first, stepS, count = 4, by }) => {
  const traces = Array.from({ length: count }, (_, at) => first + at);
  // Beside what is wanted: another trace in these slots.
  const atS = (at: number) => HOURS_AGO_S + (at % count) * stepS;
  const spans = [...traces, first - 1].map((trace, at) => ({ trace, columns: {}, atS: atS(at) }));
  await insertSpans(spans);
  const { store, asked } = spiedOn();
  const found = await spansOfTraces(store, { traceIds: traces.map(traceIdOf), limit: 1_000 });
  expect(found.map(({ traceId }) => traceId).sort()).toEqual(traces.map(traceIdOf).sort());
  expect(asked).toEqual([expect.stringContaining(by)]);
});
