/** Every route under parameters that nobody means: an answer as it is described, or the field at fault, never a 500. */
import type { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ErrorResponse } from "../../schema/api.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { randomFlows } from "../../test/support/random-flows.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { createApp } from "./app.ts";

type Content = Readonly<Record<string, { readonly schema: object }>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly type?: string; readonly format?: string; readonly enum?: readonly string[] };
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, { readonly get?: Operation }>>;
  readonly components: { readonly schemas: object };
}

let test: TestStore;
let app: Hono;
let operations: readonly (readonly [path: string, operation: Operation])[];
/** What descriptions refer to. */
let schemas: object;
let traceId: string;
let spanId: string;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  const flows = randomFlows({ seed: 1, count: 20, startMs: Date.now() - 60_000 });
  await insertSpans(test.store, flows.flatMap(({ spans }) => spans));
  const [first] = flows[0]?.spans ?? [];
  [traceId, spanId] = [first?.traceId ?? "", first?.spanId ?? ""];
  const { paths, components } = (await (await app.request("/api/openapi.json")).json()) as Document;
  schemas = components.schemas;
  operations = Object.entries(paths).flatMap(([path, { get }]) => (get ? [[path, get] as const] : []));
});

afterAll(async () => {
  await test.close();
});

/** Of these most routes take any text, so they are few: each is a search. */
const TEXTS = ["", "'; DROP TABLE spans; --\\\0", "\ud83d\ude00 (.*)*$ {}=", "x".repeat(20_000)];
const HOSTILE = [
  ...TEXTS,
  ...[" ", "0", "-1", "-0", "1.5", "1e9", "1e400", "NaN", "Infinity", "0x10", "null", "true", "__proto__"],
  ...["1970-01-01T00:00:00Z", "2261-12-31T23:59:59.999999999Z", "2016-11-22T00:00:00+00:00"],
];

/** What a route needs to be asked at all; of Jaeger's by the beginning of its path. */
const NEEDED = ["by=service", "key=tier"];
const NEEDED_BY_JAEGER: Readonly<Record<string, readonly string[]>> = {
  "/api/traces": ["service=nobody"],
  "/api/dependencies": ["lookback=60000"],
  "/api/metrics": ["service=api", "quantile=0.5"],
  "/api/v3/trace": ["query.startTimeMin=2026-01-01T00:00:00Z", "query.startTimeMax=2027-01-01T00:00:00Z"],
};
/** Of whom there are no spans: what is refused is refused before that, and what is not is soon answered. */
const NOBODY = "service=nobody";

function pathOf(path: string): string {
  const given: Readonly<Record<string, string>> = { traceId, otherTraceId: traceId, spanId, name: "api" };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => given[name] ?? name);
}

/** The path with each hostile value of the parameter, and all others that it needs. */
function hostilePaths(path: string, name: string, needed: readonly string[], tried = HOSTILE): string[] {
  const others = needed.filter((pair) => !pair.startsWith(`${name}=`));
  const values = tried.map((value) => `${name}=${encodeURIComponent(value)}`);
  const pairs = [...values, `${name}=%ff`, `${name}=1&${name}=2`, `${name}[]=1`];
  return pairs.map((pair) => `${path}?${[...others, pair].join("&")}`);
}

/** The status and the body of an answer, which is as it is described. */
async function answerOf(path: string, { responses }: Operation): Promise<readonly [number, unknown]> {
  const response = await app.request(path);
  const described = responses[String(response.status)]?.content ?? {};
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
  expect([path, response.status, type]).toEqual([path, response.status, Object.keys(described)[0]]);
  if (type !== "application/json") {
    await response.body?.cancel();
    return [response.status, undefined];
  }
  const body: unknown = await response.json();
  const { error } = validatorOf(described[type]?.schema ?? {}).safeParse(body);
  expect([path, error && z.prettifyError(error)]).toEqual([path, undefined]);
  return [response.status, body];
}

const validators = new Map<object, z.ZodType>();

function validatorOf(schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: schemas }).replaceAll("#/components/schemas/", "#/$defs/");
  const validator = validators.get(schema) ?? z.fromJSONSchema(JSON.parse(text) as z.core.JSONSchema.JSONSchema);
  validators.set(schema, validator);
  return validator;
}

function queryParameters({ parameters = [] }: Operation): Parameter[] {
  return parameters.filter((each) => each.in === "query");
}

function isText({ schema }: Parameter): boolean {
  return schema.type === "string" && schema.format === undefined && schema.enum === undefined;
}

function neededBy(operation: Operation, needed = NEEDED): string[] {
  const names = queryParameters(operation).map(({ name }) => name);
  return needed.filter((pair) => names.includes(pair.slice(0, pair.indexOf("="))));
}

it("every route answers what its description says", async () => {
  for (const [path, operation] of operations) {
    const asked = `${pathOf(path)}?${neededBy(operation).join("&")}`;
    expect([path, (await answerOf(asked, operation))[0]]).toEqual([path, 200]);
  }
});

it("no parameter breaks a route, and one that is refused is named", { timeout: 120_000 }, async () => {
  for (const [route, operation] of operations) {
    for (const parameter of queryParameters(operation)) {
      const { name } = parameter;
      // What is wrong with a range is said of its begin, and of the request where there is more than one value.
      const fields = [name, `${name}[]`, `${name}.0`, "from", "baseFrom"];
      const tried = isText(parameter) ? TEXTS : HOSTILE;
      const needed = neededBy(operation, [...NEEDED, NOBODY]);
      for (const path of hostilePaths(pathOf(route), name, needed, tried)) {
        const [status, body] = await answerOf(path, operation);
        if (status === 200) continue;
        const { field, message } = (body as ErrorResponse).error;
        // A span of another kind or service than is asked for is not there.
        if (status !== 404) expect([path, status, fields]).toEqual([path, 400, expect.arrayContaining([field])]);
        expect(message.length).toBeLessThan(400);
      }
    }
  }
});

describe("no parameter breaks Jaeger's", () => {
  const search = ["serviceName", "operationName", "attributes", "filter", "startTimeMin", "durationMin", "searchDepth"];
  it.for([
    ["/api/operations", ["service", "spanKind"]],
    ["/api/traces", ["service", "start", "end", "minDuration", "tags", "tag", "limit", "traceID"]],
    ["/api/dependencies", ["endTs", "lookback", "service"]],
    ["/api/metrics/calls", ["service", "endTs", "lookback", "step", "ratePer", "groupByOperation", "spanKind"]],
    ["/api/metrics/latencies", ["quantile"]],
    ["/api/v3/operations", ["service", "spanKind"]],
    ["/api/v3/trace-summaries", search.map((name) => `query.${name}`)],
  ] as const)("%s", { timeout: 60_000 }, async ([route, names]) => {
    const needed = Object.entries(NEEDED_BY_JAEGER).flatMap(([of, pairs]) => (route.startsWith(of) ? pairs : []));
    const paths = names.flatMap((name) => hostilePaths(route, name, needed, [...TEXTS, "-1", "1e9", "NaN", "{}"]));
    for (const path of paths) {
      const { status } = await app.request(path);
      expect([path, [200, 400, 404].includes(status)]).toEqual([path, true]);
    }
  });
});
