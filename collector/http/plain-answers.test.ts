/** What the API answers is what plain TypeScript says of the same spans. */
import type { Hono } from "hono";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type * as api from "../../schema/api.ts";
import type { Span } from "../../schema/flow.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import * as plain from "../../test/support/plain-answers.ts";
import { randomFlows, type RandomFlow } from "../../test/support/random-flows.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { RESOURCE_COLUMNS } from "../store/span-columns.ts";
import { createApp } from "./app.ts";

/** Another one tries others. */
const SEED = Number(process.env["HOPSCOPE_TEST_SEED"] ?? 1);
const FLOWS = 250;
/** A page of flows takes ten times as long as another answer. */
const QUESTIONS = Number(process.env["HOPSCOPE_TEST_RUNS"] ?? 20);
const FLOW_QUESTIONS = QUESTIONS / 2;
/** A whole minute, as rollups read whole minutes. */
const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 20 * 60_000;
const RANGE_S = 900;
const range = `from=${new Date(startMs).toISOString()}&to=${new Date(startMs + RANGE_S * 1000).toISOString()}`;

let test: TestStore;
let app: Hono;
let flows: readonly RandomFlow[];
let spans: readonly Span[];

beforeAll(async () => {
  flows = randomFlows({ seed: SEED, count: FLOWS, startMs });
  spans = flows.flatMap((flow) => flow.spans);
  test = await createTestStore();
  app = createApp({ store: test.store });
  await insertSpans(test.store, spans);
});

afterAll(async () => {
  await test.close();
});

async function get<Body>(path: string): Promise<Body> {
  const response = await app.request(path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Body;
}

/** Filters that ask for what some span has, and sometimes for what none has. */
const filter = fc
  .record({
    at: fc.nat(),
    other: fc.nat(),
    value: fc.nat(),
    which: fc.uniqueArray(fc.nat(10), { minLength: 1, maxLength: 3 }),
    ms: fc.constantFrom(0, 0.0005, 1, 2.5, 10, 400, 3_000),
  })
  .map(({ at, other, value, which, ms }): plain.PlainFilter => {
    const [one, two] = [at, other].map((index) => spans[index % spans.length]) as [Span, Span];
    const pairs = [one, two].flatMap(scalarPairs);
    const values = pairs.map((pair) => pair.slice(pair.indexOf("=") + 1));
    const texts = [one.name, ...values, "7", "DECLINED", "all gold", "ß", "no such"].filter((text) => text !== "");
    const pick = (from: readonly string[], index = value) => from[index % from.length] ?? "";
    const attribute = [pick(pairs), ...(value % 3 === 0 ? [pick(pairs, other)] : [])].filter((pair) => pair !== "");
    const destinations = [textOf(one, "messaging.destination.name"), textOf(one, "db.collection.name"), "jobs"];
    const all: plain.PlainFilter[] = [
      { service: one.service },
      { function: plain.functionOf(one) },
      { name: one.name },
      { kind: one.kind },
      { status: one.status === "error" ? "error" : "ok" },
      { destination: destinations.find((destination) => destination !== "") ?? "" },
      { coldStart: one.attributes["faas.coldstart"] === true },
      { minDurationMs: ms },
      { maxDurationMs: ms },
      { attribute },
      { text: pick(texts) },
    ];
    return Object.assign({}, ...which.map((index) => all[index]));
  });

function scalarPairs({ attributes, resource }: Span): string[] {
  return [attributes, resource].flatMap((where) =>
    Object.keys(where).flatMap((key) => {
      const value = plain.scalarOf(where, key);
      return value === undefined ? [] : [`${key}=${value}`];
    }),
  );
}

function textOf({ attributes }: Span, key: string): string {
  return plain.scalarOf(attributes, key) ?? "";
}

function queryOf(asked: plain.PlainFilter): string {
  const pairs = Object.entries(asked).flatMap(([name, given]) =>
    [given].flat().map((each): [string, string] => [name, String(each)]),
  );
  return new URLSearchParams([...pairs, ...new URLSearchParams(range)]).toString();
}

/** Everything over pages. */
async function paged<Page extends { nextCursor?: string | undefined }>(path: string): Promise<Page[]> {
  const pages: Page[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; cursor = pages.at(-1)?.nextCursor) {
    pages.push(await get<Page>(path + (cursor && `&cursor=${cursor}`)));
  }
  return pages;
}

/** Asks as many questions as are tried, all of one seed. */
async function forQuestions<Question>(
  questions: fc.Arbitrary<Question>,
  check: (question: Question) => Promise<void>,
  numRuns = QUESTIONS,
) {
  await fc.assert(fc.asyncProperty(questions, check), { seed: SEED, numRuns, endOnFailure: true });
}

const idOf = ({ traceId, spanId }: Span) => traceId + spanId;

it("finds the spans, newest first, over pages", { timeout: 60_000 }, async () => {
  await forQuestions(filter, async (asked) => {
    const pages = await paged<api.SpanListResponse>(`/api/spans?limit=300&${queryOf(asked)}`);
    const meant = spans.filter((span) => plain.isSpanMeant(span, asked));
    const sortKey = (span: Span) => span.startTime + idOf(span);
    const newestFirst = meant.toSorted((a, b) => (sortKey(a) < sortKey(b) ? 1 : -1));
    expect(pages.flatMap((page) => page.spans.map(idOf))).toEqual(newestFirst.map(idOf));
    expect(pages.filter(({ truncated }) => truncated !== undefined)).toEqual([]);
  });
});

it("finds the flows", { timeout: 60_000 }, async () => {
  const wait = fc.constantFrom({}, {}, { minQueueWaitMs: 1 }, { minQueueWaitMs: 40 }, { minQueueWaitMs: 3_000 });
  const flowFilter = fc.tuple(filter, wait).map(([{ name: _name, kind: _kind, ...asked }, waited]) => {
    return { ...asked, ...waited };
  });
  const check = async (asked: plain.PlainFilter) => {
    const pages = await paged<api.FlowListResponse>(`/api/flows?limit=200&${queryOf(asked)}`);
    const meant = flows.filter((flow) => plain.isFlowMeant(flow, asked));
    const found = pages.flatMap((page) => page.flows.map(({ id }) => id));
    expect(found.toSorted()).toEqual(meant.map(({ id }) => id).toSorted());
  };
  await forQuestions(flowFilter, check, FLOW_QUESTIONS);
});

const groupKey = fc.constantFrom(
  ...["service", "function", "name", "kind", "status", "tier", "app.env", "http.route", "http.response.status_code"],
  ...["service.version", "cloud.region", "messaging.message.id", "x'}) OR 1=1"],
);

it("groups the spans", { timeout: 60_000 }, async () => {
  await forQuestions(fc.tuple(filter, groupKey), async ([asked, by]) => {
    const query = `limit=1000&by=${encodeURIComponent(by)}&${queryOf(asked)}`;
    const { groups }: api.SpanGroupsResponse = await get(`/api/spans/groups?${query}`);
    const meant = spans.filter((span) => plain.isSpanMeant(span, asked));
    const count = (of: readonly Span[]) => plain.countBy(of, (span) => [plain.groupOf(span, by)]);
    const failed = count(meant.filter(({ status }) => status === "error"));
    const expected = [...count(meant)].map(([value, each]) => ({ value, count: each, errors: failed.get(value) ?? 0 }));
    expect(groups.map(({ durationMs: _, ...group }) => group).toSorted(byText)).toEqual(expected.toSorted(byText));
    const sizes = groups.map((group) => group.count);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  });
});

interface Texts {
  readonly key?: string;
  readonly value?: string;
}

function byText(a: Texts, b: Texts): number {
  return JSON.stringify([a.key, a.value]) < JSON.stringify([b.key, b.value]) ? -1 : 1;
}

it("counts the spans of each time and duration", { timeout: 60_000 }, async () => {
  await forQuestions(fc.tuple(filter, fc.constantFrom(2, 7, 100, 500)), async ([asked, columns]) => {
    const query = `columns=${String(columns)}&${queryOf(asked)}`;
    const { cells, columnMs }: api.HeatmapResponse = await get(`/api/spans/heatmap?${query}`);
    const meant = spans.filter((span) => plain.isSpanMeant(span, asked));
    const counted = plain.countBy(meant, (span) => {
      const column = Math.floor((plain.startMs(span) - startMs) / columnMs);
      const { durationMs } = span;
      const isIn = (fromMs: number) => durationMs < 2 * fromMs && (durationMs >= fromMs || fromMs < 0.001);
      const cell = cells.find((each) => each.column === column && isIn(each.fromMs));
      return [JSON.stringify([column, cell?.fromMs ?? "no cell"])];
    });
    const told = cells.map(({ column, fromMs, count }) => [JSON.stringify([column, fromMs]), count] as const);
    expect(new Map(told)).toEqual(counted);
  });
});

it("completes keys and values", { timeout: 60_000 }, async () => {
  const { keys } = await get<{ keys: { key: string; count: number }[] }>(`/api/attributes?${range}`);
  const counted = plain.countBy(spans, ({ attributes, resource }) => {
    return [...Object.keys(attributes), ...Object.keys(resource), "service.name"];
  });
  expect(keys.toSorted(byText)).toEqual([...counted].map(([key, count]) => ({ key, count })).toSorted(byText));
  for (const key of ["tier", "app.env", "http.route", "service.version", "cloud.region", "faas.trigger", "host.cmd"]) {
    const query = `key=${encodeURIComponent(key)}&${range}`;
    const { values } = await get<{ values: { value: string; count: number }[] }>(`/api/attributes/values?${query}`);
    const of = plain.countBy(spans, (span) => [plain.groupOf(span, key)].filter((value) => value !== ""));
    const expected = [...of].map(([value, count]) => ({ value, count })).toSorted(byText);
    expect([key, values.toSorted(byText)]).toEqual([key, expected]);
  }
});

it("compares spans", { timeout: 60_000 }, async () => {
  for (const asked of [{}, { kind: "consumer" }, { service: "api" }, { attribute: ["service.version=gold"] }]) {
    const compared: api.CompareResponse = await get(`/api/spans/compare?${queryOf(asked)}`);
    const meant = spans.filter((span) => plain.isSpanMeant(span, asked));
    const sides = [true, false].map((failed) => meant.filter(({ status }) => (status === "error") === failed)) as [Span[], Span[]];
    expect([compared.selected, compared.base]).toEqual(sides.map(({ length }) => length));
    for (const { key, value, selectedShare, baseShare } of compared.attributes) {
      const having = (side: readonly Span[]) => side.filter((span) => hasPair(span, key, value)).length;
      const shares = sides.map((side) => having(side) / Math.max(side.length, 1));
      expect([key, value, selectedShare, baseShare]).toEqual([key, value, ...shares]);
    }
  }
});

/** Numbers and ids of spans are not compared, but the status of HTTP is; of resources, what has a column. */
function hasPair(span: Span, key: string, value: string): boolean {
  if (key === "name" || key === "status") return span[key] === value;
  if (key === "service.name") return span.service === value;
  const isCompared = {
    number: key === "http.response.status_code",
    string: key !== "messaging.message.id",
    boolean: true,
  }[typeof span.attributes[key] as "number"];
  const places = [...(isCompared ? [span.attributes] : []), ...(RESOURCE_KEYS.has(key) ? [span.resource] : [])];
  return places.some((where) => plain.scalarOf(where, key) === value);
}

const RESOURCE_KEYS: ReadonlySet<string> = new Set(RESOURCE_COLUMNS.map(({ attribute }) => attribute));

const isRun = ({ kind, attributes }: Span) =>
  (kind === "server" || kind === "consumer") && typeof attributes["faas.trigger"] === "string";
const minuteOf = (span: Span) => new Date(Math.floor(plain.startMs(span) / 60_000) * 60_000).toISOString();

it("counts functions, all and minute by minute", { timeout: 60_000 }, async () => {
  const countsOf = (of: readonly Span[]) => ({
    invocations: of.length,
    errors: of.filter(({ status }) => status === "error").length,
    coldStarts: of.filter(({ attributes }) => attributes["faas.coldstart"] === true).length,
  });
  const { functions }: api.FunctionListResponse = await get(`/api/functions?${range}`);
  const byName = groupBy(spans.filter(isRun), (span) => JSON.stringify([span.service, plain.functionOf(span)]));
  const told = functions.map(({ service, name, invocations, errors, coldStarts }) => {
    return [JSON.stringify([service, name]), { invocations, errors, coldStarts }] as const;
  });
  expect(new Map(told)).toEqual(new Map([...byName].map(([name, of]) => [name, countsOf(of)])));
  for (const [service, name] of [["api", "api"], ["worker", "take-stock"]] as const) {
    const of = byName.get(JSON.stringify([service, name])) ?? [];
    const path = `/api/functions/${name}/series?stepS=60&service=${service}&${range}`;
    const { points }: api.FunctionSeriesResponse = await get(path);
    const expected = [...groupBy(of, minuteOf)].map(([time, each]) => {
      const busyMs = each.reduce((sum, { durationMs }) => sum + durationMs, 0);
      return { time, ...countsOf(each), concurrency: expect.closeTo(busyMs / 60_000, 6) as number };
    });
    expect(of.length).toBeGreaterThan(0);
    expect(points).toMatchObject(expected.toSorted((a, b) => (a.time < b.time ? -1 : 1)));
  }
});

function groupBy(all: readonly Span[], keyOf: (span: Span) => string): Map<string, Span[]> {
  const groups = new Map<string, Span[]>();
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return groups;
}

it("counts queues, and the edges of the map", { timeout: 60_000 }, async () => {
  const queueOf = (span: Span) => textOf(span, "messaging.destination.name");
  const codeOf = (span: Span) => `function:${span.service}:${plain.functionOf(span)}`;
  const { queues }: api.QueueListResponse = await get(`/api/queues?${range}`);
  const told = queues.map(({ name, messages, failures, deadLetters, rate, consumers }) => {
    const taken = consumers.map((each) => [`function:${each.service}:${each.name}`, each.messages] as const);
    return [name, { messages, failures, deadLetters, rate, consumers: new Map(taken) }] as const;
  });
  const expected = [...groupBy(spans.filter(({ kind }) => kind === "consumer"), queueOf)].map(([name, of]) => {
    const failures = of.filter(({ status }) => status === "error").length;
    const deadLetters = name.endsWith("-dlq") ? of.length : 0;
    const consumers = plain.countBy(of, (span) => [codeOf(span)]);
    return [name, { messages: of.length, failures, deadLetters, rate: of.length / RANGE_S, consumers }] as const;
  });
  expect(new Map(told)).toEqual(new Map(expected));

  const { edges }: api.MapResponse = await get(`/api/map?${range}`);
  const edgesOf = (span: Span) => {
    const [code, queue] = [codeOf(span), `queue:aws_sqs:${queueOf(span)}`];
    if (span.kind === "producer") return [`${code} publish ${queue}`];
    return span.kind === "consumer" ? [`${queue} receive ${code}`] : [];
  };
  const counts = edges.map(({ from, kind, to, count }) => [`${from} ${kind} ${to}`, count] as const);
  expect(new Map(counts)).toEqual(plain.countBy(spans, edgesOf));
});
