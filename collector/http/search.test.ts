/** What a search finds, and that spans, flows and groups find the same. */
import type { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  attributeKeysResponseSchema,
  compareResponseSchema,
  type FlowListResponse,
  type SpanGroupsResponse,
  type SpanListResponse,
} from "../../schema/api.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, type SpanInput } from "../flow/test-spans.ts";
import { createApp } from "./app.ts";
import type { JaegerTrace } from "./jaeger/jaeger-trace.ts";

const startMs = Date.now() - 60_000;

/** As SDKs write them; the store keeps the first as bytes. */
const ids = {
  uuid: "5e1f0c1a-9d3b-4c56-8a77-0b9e6f2d4c31",
  capitals: "5E1F0C1A-9D3B-4C56-8A77-0B9E6F2D4C31",
  nil: "00000000-0000-0000-0000-000000000000",
  number: "49590338271490256608559692538361571095",
};

const inputs: readonly Omit<SpanInput, "trace" | "id">[] = [
  { service: "quoting", resource: { "host.cmd": 'say "hi" {x} \\ \n y', "service.version": '1 "beta"' } },
  { service: "own", attributes: { "app.env": "prod", "app.zone": "a" } },
  { service: "res", resource: { "app.env": "prod", "app.zone": "b" } },
  { service: "two", attributes: { "app.env": "prod", "app.zone": "b" }, resource: { "app.env": "prod" } },
  { service: "sender", kind: "producer", attributes: { "messaging.destination.name": "stock" } },
  { service: "table", kind: "client", attributes: { "db.collection.name": "stock" } },
  { service: "bucket", kind: "client", attributes: { "rpc.service": "S3", "aws.s3.bucket": "stock" } },
  { service: "tables", kind: "client", attributes: { "aws.dynamodb.table_names": ["other", "stock"] } },
  { service: "note", attributes: { note: "stock", "aws.dynamodb.table_names": ["stocks"] } },
  {
    service: "failing",
    attributes: { count: 424242, ratio: 0.625, tags: ["of a List", { inner: "of a Map" }], "http.response.status_code": 418 },
    resource: { "team.name": "Späti \"Crew\"", "host.cpus": 5150 },
    events: [{ name: "exception", attributes: { "exception.message": 'no "room" in\nC:\\tmp', retries: 7070 } }],
  },
  { service: "mix", attributes: { "app.env": "prod" }, resource: { "app.zone": "b" } },
  { service: "integer", attributes: { shard: 7, zero: 0, big: 9007199254740991, dry: true } },
  { service: "double", attributes: { shard: 7.5, dry: false } },
  { service: "text", attributes: { shard: "7", dry: "true", version: "1.2.3" } },
  { service: "empty", attributes: { "app.memo": "", "http.route": "" } },
  ...Object.entries(ids).flatMap(([form, id]) => [
    { service: `${form} message`, attributes: { "messaging.message.id": id } },
    { service: `${form} run`, attributes: { "faas.invocation_id": id } },
  ]),
  { service: "calling", attributes: { "cloud.region": "eu-west-7", "error.type": 404, tiny: 1e-7, huge: 1e21 } },
  { service: "regional", resource: { "cloud.region": "eu-west-7", "http.route": "/of/resource" } },
  { service: "both", attributes: { "cloud.region": "eu-west-8" }, resource: { "cloud.region": "eu-west-8" } },
  { service: "empty-resource", resource: { "app.memo": "", "service.namespace": "" } },
];

const dayMs = 86_400_000;
/** Of one insert, days apart. */
const seldom = [5, 2].map((days) => ({
  ...span({ service: "seldom", trace: `d${String(days)}`, id: `d${String(days)}`, resource: { "host.rack": "r 9" } }),
  startTime: fromMs(startMs - days * dayMs),
}));

let test: TestStore;
let app: Hono;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  await insertSpans(
    test.store,
    inputs.map((input, at) => ({
      ...span({ kind: "server", ...input, trace: `t${String(at)}`, id: `s${String(at)}` }),
      startTime: fromMs(startMs + at * 10),
    })),
  );
  await insertSpans(test.store, seldom);
});

afterAll(async () => {
  await test.close();
});

async function get<Body>(path: string): Promise<Body> {
  const response = await app.request(path);
  expect([response.status, path]).toEqual([200, path]);
  return (await response.json()) as Body;
}

/** The services found, over pages of one. */
async function paged(path: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const query = `${path}&limit=1${cursor && `&cursor=${cursor}`}`;
    const page: Partial<SpanListResponse & FlowListResponse> = await get(query);
    found.push(...(page.spans ?? page.flows ?? []).map(({ service }) => service));
    cursor = page.nextCursor;
  }
  return found;
}

/** The same by every way of asking, newest first. */
async function services(query: string) {
  const { groups } = await get<SpanGroupsResponse>(`/api/spans/groups?by=service&${query}`);
  return {
    spans: await paged(`/api/spans?${query}`),
    flows: await paged(`/api/flows?${query}`),
    groups: groups.map(({ value }) => value),
  };
}

function everywhere(...found: string[]) {
  return { spans: found, flows: found, groups: found.toSorted() };
}

const attribute = (key: string, value: string) => `attribute=${encodeURIComponent(`${key}=${value}`)}`;

describe("an attribute of the resource with quotes, braces and backslashes", () => {
  it.for([
    ["is found by its value", attribute("host.cmd", 'say "hi" {x} \\ \n y')],
    ["is found by its value where the store has a name for it", attribute("service.version", '1 "beta"')],
  ] as const)("%s", async ([, query]) => {
    expect(await services(query)).toEqual(everywhere("quoting"));
  });

  it.for([
    ["host.cmd", 'say "hi" {x} \\ \n y'],
    ["service.version", '1 "beta"'],
  ])("%s is a group whole", async ([by, value]) => {
    const { groups } = await get<SpanGroupsResponse>(`/api/spans/groups?by=${by ?? ""}&service=quoting`);
    expect(groups.map((group) => group.value)).toEqual([value]);
  });
});

describe("an attribute that spans have, and resources of other spans", () => {
  it.for([
    ["is found in both places, page by page", attribute("app.env", "prod"), ["mix", "two", "res", "own"]],
    [
      "is found beside another one",
      `${attribute("app.env", "prod")}&${attribute("app.zone", "b")}`,
      ["mix", "two", "res"],
    ],
    ["is no other value", attribute("app.env", "dev"), []],
  ] as const)("%s", async ([, query, found]) => {
    expect(await services(query)).toEqual(everywhere(...found));
  });

  it("is found by Jaeger's clients", async () => {
    const tags = encodeURIComponent(JSON.stringify({ "app.env": "prod" }));
    const { data } = await get<{ data: JaegerTrace[] }>(`/api/traces?tags=${tags}&limit=3`);
    expect(data.map(({ processes }) => processes["p1"]?.serviceName)).toEqual(["mix", "two", "res"]);
  });
});

it.for(Object.entries(ids))("an id is found by its value: %s", async ([form, id]) => {
  expect(await services(attribute("messaging.message.id", id))).toEqual(everywhere(`${form} message`));
  expect(await services(attribute("faas.invocation_id", id))).toEqual(everywhere(`${form} run`));
});

describe("an attribute without a text in it", () => {
  it.for([
    ["is found where it is, and not where there is none", attribute("app.memo", ""), ["empty-resource", "empty"]],
    ["is found where the store has a column for it", attribute("http.route", ""), ["empty"]],
    ["is found beside another one", `${attribute("app.memo", "")}&${attribute("http.route", "")}`, ["empty"]],
    ["is not what no span has", attribute("app.nothing", ""), []],
  ] as const)("%s", async ([, query, found]) => {
    expect(await services(query)).toEqual(everywhere(...found));
  });
});

describe("a destination", () => {
  it.for([
    ["is what any SDK names so", "destination=stock", ["tables", "bucket", "table", "sender"]],
    ["is found beside an attribute", `destination=stock&${attribute("rpc.service", "S3")}`, ["bucket"]],
    ["is nothing else", "destination=stoc", []],
  ] as const)("%s", async ([, query, found]) => {
    expect(await services(query)).toEqual(everywhere(...found));
  });
});

describe("free text", () => {
  it.for([
    "ROOM\" in\nC:\\T",
    "of a list",
    "Of A Map",
    'späti "crew"',
    "24242",
    "0.62",
    "418",
    "5150",
    "707",
  ])("is found in %j, wherever a span says it", async (text) => {
    expect(await services(`text=${encodeURIComponent(text)}`)).toEqual(everywhere("failing"));
  });

  it.for(["exception.message", "stringValue", "nC:", '":{"', "no room", "9999999"])("%j is in no value", async (text) => {
    expect(await services(`text=${encodeURIComponent(text)}`)).toEqual(everywhere());
  });
});

it("completes the keys of spans and of resources", async () => {
  const { keys } = attributeKeysResponseSchema.parse(await get("/api/attributes"));
  const count = (wanted: string) => keys.find(({ key }) => key === wanted)?.count;
  const wanted = ["service.name", "host.cmd", "app.zone", "http.response.status_code", "tags"];
  expect(wanted.map(count)).toEqual([inputs.length, 1, 4, 1, 1]);
  // One of the four has it itself and of its resource.
  expect(count("app.env")).toBe(4);
});

it("completes values that were sent days ago", async () => {
  const asked = `/api/attributes/values?key=host.rack&from=${fromMs(startMs - 7 * dayMs)}`;
  expect(await get(asked)).toEqual({ values: [{ value: "r 9", count: 2 }] });
});

it("compares values of resources with quotes as they are", async () => {
  const quoted = `from=${fromMs(startMs)}&to=${fromMs(startMs + 1)}`;
  const others = `baseFrom=${fromMs(startMs + 1)}&baseTo=${fromMs(startMs + 60_000)}`;
  const compared = await get(`/api/spans/compare?${quoted}&${others}`);
  const { selected, base, attributes } = compareResponseSchema.parse(compared);
  expect([selected, base]).toEqual([1, inputs.length - 1]);
  expect(attributes.find(({ key }) => key === "service.version")?.value).toBe('1 "beta"');
});

describe("a number or a flag", () => {
  it.for([
    ["count", "424242", ["failing"]],
    ["ratio", "0.625", ["failing"]],
    ["http.response.status_code", "418", ["failing"]],
    ["host.cpus", "5150", ["failing"]],
    ["shard", "7", ["text", "integer"]],
    ["shard", "7.5", ["double"]],
    ["shard", "7.50", []],
    ["shard", "07", []],
    ["shard", "0", []],
    ["zero", "0", ["integer"]],
    ["big", "9007199254740991", ["integer"]],
    ["big", "9223372036854775808", []],
    ["dry", "true", ["text", "integer"]],
    ["dry", "false", ["double"]],
    ["version", "1.2.3", ["text"]],
  ] as const)("%s=%s is found as it is written, and as a text", async ([key, value, found]) => {
    expect(await services(attribute(key, value))).toEqual(everywhere(...found));
  });

  it("is found beside another attribute", async () => {
    const query = `${attribute("shard", "7")}&${attribute("dry", "true")}`;
    expect(await services(query)).toEqual(everywhere("text", "integer"));
  });
});

describe("an attribute that the store has a column for is found elsewhere, too", () => {
  it.for([
    ["on spans, of which resources have it as a rule", attribute("cloud.region", "eu-west-7"), ["regional", "calling"]],
    ["of both, once", attribute("cloud.region", "eu-west-8"), ["both"]],
    ["of resources, of which spans have it as a rule", attribute("http.route", "/of/resource"), ["regional"]],
    ["as a number, where it is a text as a rule", attribute("error.type", "404"), ["calling"]],
    ["beside another one", `${attribute("cloud.region", "eu-west-7")}&${attribute("error.type", "404")}`, ["calling"]],
  ] as const)("%s", async ([, query, found]) => {
    expect(await services(query)).toEqual(everywhere(...found));
  });

  it("and counted once where spans are compared", async () => {
    const at = startMs + inputs.findIndex(({ service }) => service === "both") * 10;
    const [selected, base] = [`from=${fromMs(at)}&to=${fromMs(at + 1)}`, `baseFrom=${fromMs(at + 1)}&baseTo=${fromMs(at + 2)}`];
    const { attributes } = compareResponseSchema.parse(await get(`/api/spans/compare?${selected}&${base}`));
    expect(attributes.find(({ key }) => key === "cloud.region")?.selectedShare).toBe(1);
  });

  it.for([
    ["tiny", "1e-7"],
    ["huge", "1e+21"],
  ])("a number is found by the text that completion shows of it: %s", async ([key, text]) => {
    const { values } = await get<{ values: { value: string }[] }>(`/api/attributes/values?key=${key ?? ""}`);
    expect(values.map(({ value }) => value)).toEqual([text]);
    expect(await services(attribute(key ?? "", text ?? ""))).toEqual(everywhere("calling"));
  });
});

describe("an attribute of resources alone", () => {
  it("is found in no range in which none of them sent spans", async () => {
    const before = `from=${fromMs(startMs - 60_000)}&to=${fromMs(startMs)}`;
    expect(await services(`${attribute("service.version", '1 "beta"')}&${before}`)).toEqual(everywhere());
    expect(await services(`${attribute("host.cmd", 'say "hi" {x} \\ \n y')}&${before}`)).toEqual(everywhere());
  });

  it("is found on the last of the days that one insert had of it, and on none between", async () => {
    const around = (days: number) => {
      const [from, to] = [days + 0.5, days - 0.5].map((ago) => fromMs(startMs - ago * dayMs));
      return `from=${from ?? ""}&to=${to ?? ""}`;
    };
    const rack = attribute("host.rack", "r 9");
    expect(await services(`${rack}&${around(2)}`)).toEqual(everywhere("seldom"));
    expect(await services(`${rack}&${around(3)}`)).toEqual(everywhere());
    expect(await services(`${rack}&${around(5)}`)).toEqual(everywhere("seldom"));
  });

  it("is found from the first instant that can be asked for to the last", async () => {
    const query = `${attribute("host.cmd", 'say "hi" {x} \\ \n y')}&from=1970-01-01T00:00:00Z&to=2261-12-31T00:00:00Z`;
    expect(await services(query)).toEqual(everywhere("quoting"));
  });
});
