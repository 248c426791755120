/** Code whose traces are not sampled, under Lambda's runtime client and in containers, counted by a real collector. */
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FunctionOptions, type RunningFunction, RUNTIMES, startFunction } from "../../instrumentation/testing/lambda.ts";
import type { FlowListResponse, FunctionListResponse, FunctionSeriesResponse } from "../../schema/api.ts";
import { startTestCollector, type TestCollector } from "../support/collector.ts";
import { eventually } from "../support/eventually.ts";

/** After it, whatever the collector did not take at once is waiting for another invocation, milliseconds. */
const COUNTED_WITHIN_MS = 1_500;

let collector: TestCollector;
const started: RunningFunction[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  collector = await startTestCollector();
});
afterEach(() => {
  for (const fn of started.splice(0)) fn.stop();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});
afterAll(() => collector.close());

async function start(name: string, handler: string, { env, ...options }: Partial<FunctionOptions> = {}) {
  const fn = await startFunction({
    handler: `handlers.${handler}`,
    runtime: RUNTIMES.current ?? "",
    ...options,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0",
      AWS_LAMBDA_FUNCTION_NAME: name,
      ...env,
    },
  });
  started.push(fn);
  return fn;
}

async function countsOf(wanted: string) {
  const { functions } = await collector.get<FunctionListResponse>("/api/functions");
  const found = functions.find(({ name }) => name === wanted);
  if (!found) return undefined;
  const { invocations, errors, timeouts, coldStarts } = found;
  return { invocations, errors, timeouts, coldStarts };
}

interface Counting {
  readonly name: string;
  /** Invocations at least. */
  readonly least: number;
}

/** Invokes until all of it is counted: what waits for the collector goes with the next invocation. */
async function invokeUntilCounted(fn: RunningFunction, { name, least }: Counting): Promise<number> {
  let invocations = 0;
  for (; invocations < least - 1; invocations += 1) await fn.invoke({});
  await eventually(async () => {
    await fn.invoke({});
    invocations += 1;
    await eventually(async () => {
      expect((await countsOf(name))?.invocations).toBe(invocations);
    }, COUNTED_WITHIN_MS);
  });
  return invocations;
}

/** A collector that answers `answers` to the first requests of metrics, and then takes them. */
async function startBusyCollector(answers: { status: number; retryAfterS?: number }[]): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = answers.shift();
      if (answer) {
        const after = answer.retryAfterS;
        response.writeHead(answer.status, after === undefined ? {} : { "retry-after": String(after) }).end();
        return;
      }
      const headers = { "content-type": request.headers["content-type"] ?? "" };
      const body = Buffer.concat(chunks);
      void fetch(collector.url + (request.url ?? ""), { method: "POST", headers, body }).then((taken) =>
        response.writeHead(taken.status).end(),
      );
    });
  });
  servers.push(server);
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe("containers of which no trace is sampled", () => {
  it.for([
    ["while they live", "setInterval(() => undefined, 1_000);", "10"],
    ["at their end", "", "60000"],
    ["when they are told to stop", "setInterval(() => undefined, 1_000); process.kill(process.pid, 'SIGTERM');", "60000"],
    ["when they exit at once", "process.exit(0);", "60000"],
  ])("are counted %s", async ([when, then, delayMs]) => {
    const name = `container ${when}`;
    const code = `import { traced } from "hopscope";
      const fine = traced(async () => 1), failing = traced(async () => { throw new Error("no"); });
      for (let n = 0; n < 3; n++) await fine({});
      await failing({}).catch(() => undefined);
      ${then}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      env: {
        PATH: process.env["PATH"],
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: name,
        OTEL_TRACES_SAMPLER: "always_off",
        OTEL_BSP_SCHEDULE_DELAY: delayMs,
      },
      stdio: "inherit",
    });
    await eventually(async () => {
      expect(await countsOf(name)).toEqual({ invocations: 4, errors: 1, timeouts: 0, coldStarts: 0 });
    }).finally(() => child.kill("SIGKILL"));
  });
});

describe.skipIf(!RUNTIMES.current)("functions of which no trace is sampled", () => {
  it("are counted to the last invocation, error and cold start", async () => {
    const fine = await start("fine", "promise");
    const failing = await start("failing", "rejected");
    const kept = await start("kept-ready", "thrown", {
      env: { AWS_LAMBDA_INITIALIZATION_TYPE: "provisioned-concurrency" },
    });
    const fines = await invokeUntilCounted(fine, { name: "fine", least: 5 });
    const failures = await invokeUntilCounted(failing, { name: "failing", least: 3 });
    const keptOnes = await invokeUntilCounted(kept, { name: "kept-ready", least: 1 });
    expect(await countsOf("fine")).toEqual({ invocations: fines, errors: 0, timeouts: 0, coldStarts: 1 });
    expect(await countsOf("failing")).toEqual({ invocations: failures, errors: failures, timeouts: 0, coldStarts: 1 });
    expect(await countsOf("kept-ready")).toEqual({ invocations: keptOnes, errors: keptOnes, timeouts: 0, coldStarts: 0 });
    const { points } = await collector.get<FunctionSeriesResponse>("/api/functions/fine/series");
    expect(points.reduce((sum, { invocations }) => sum + invocations, 0)).toBe(fines);
    expect(points.map(({ durationMs }) => durationMs)).toEqual(points.map(() => null));
    const { flows } = await collector.get<FlowListResponse>("/api/flows");
    expect(flows).toEqual([]);
  });

  it("are counted as timing out before Lambda kills them", async () => {
    const hanging = await start("hanging", "hangs", { timeoutMs: 2_500 });
    expect((await hanging.invoke({})).kind).toBe("exit");
    await eventually(async () => {
      expect(await countsOf("hanging")).toEqual({ invocations: 1, errors: 1, timeouts: 1, coldStarts: 1 });
    });
  });

  it.for(["exits", "uncaught"])("%s: are counted though the process dies", async (handler) => {
    const fn = await start(`dies-${handler}`, handler);
    expect((await fn.invoke({})).kind).not.toBe("response");
    const counts = await eventually(async () => (await countsOf(`dies-${handler}`)) ?? expect.fail("not yet"));
    expect(counts).toMatchObject({ invocations: 1, errors: 1, coldStarts: 1 });
  });

  it("are counted once, beside those that are sampled", async () => {
    const fn = await start("half", "promise", { env: { OTEL_TRACES_SAMPLER_ARG: "0.5" } });
    const invocations = await invokeUntilCounted(fn, { name: "half", least: 20 });
    const { flows } = await collector.get<FlowListResponse>("/api/flows?service=half&limit=100");
    expect(flows.length).toBeGreaterThan(0);
    expect(flows.length).toBeLessThan(invocations);
  });

  it("are counted later where the collector is busy, and none of them twice", async () => {
    const url = await startBusyCollector([{ status: 503, retryAfterS: 1 }]);
    const fn = await start("patient", "promise", { env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
    expect(await invokeUntilCounted(fn, { name: "patient", least: 1 })).toBeGreaterThan(1);
  });

  it("are not sent to a collector that has no place for them", async () => {
    const answers = [{ status: 404 }];
    const url = await startBusyCollector(answers);
    const fn = await start("unwanted", "promise", { env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
    for (let n = 0; n < 3; n++) expect((await fn.invoke({ name: "ada" })).body).toContain("ada");
    expect(answers).toEqual([]);
    expect(await countsOf("unwanted")).toBeUndefined();
    expect(fn.log.match(/does not take counts/g)).toHaveLength(1);
  });
});
