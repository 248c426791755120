import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createLambdaFunction, type LambdaFunction, type LambdaFunctionOptions } from "./lambda-function.ts";
import { findLambdaRuntime, smallRuntime } from "./lambda-runtime.ts";
import type { InvocationOutcome } from "./runtime-api.ts";

const HANDLERS = `
import { existsSync, writeFileSync } from "node:fs";
let invocations = 0;
export const echo = async (event, context) => ({ event, functionName: context.functionName, invocations: ++invocations });
export const where = async () => process.pid;
export const fail = async () => { throw Object.assign(new Error("no stock"), { name: "OutOfStockError" }); };
export const slow = async (event) => { await new Promise((done) => setTimeout(done, event.ms)); return process.pid; };
// Ends only while its partner runs too.
export const meet = async (event) => {
  writeFileSync(event.mine, "");
  while (!existsSync(event.partner)) await new Promise((done) => setTimeout(done, 5));
  return process.pid;
};
export const exit = async () => { process.exit(3); };
export const callback = (event, context, done) => done(null, "x");
export const remaining = async (event, context) => context.getRemainingTimeInMillis();
export const trace = async () => process.env._X_AMZN_TRACE_ID;
export const stream = awslambda.streamifyResponse(async (event, response) => {
  response.write("one ");
  if (event.fail) throw new Error("cut");
  response.end("two");
});
// Counts what happens after the response: nothing may, while the process waits.
let ticks = 0;
export const ticking = async () => {
  if (ticks === 0) setInterval(() => ticks++, 1);
  ticks++;
  return ticks;
};
`;

let taskRoot: string;
let functions: LambdaFunction[] = [];

beforeAll(async () => {
  taskRoot = await mkdtemp(join(tmpdir(), "hopscope-function-"));
  await writeFile(join(taskRoot, "index.mjs"), HANDLERS);
});
afterEach(() => {
  for (const fn of functions) fn.stop();
  functions = [];
});
afterAll(() => rm(taskRoot, { recursive: true, force: true }));

const ric = findLambdaRuntime();
const runtimes = ric.name === "aws-lambda-ric" ? [ric, smallRuntime()] : [smallRuntime()];

describe.for(runtimes)("a function under $name", (runtime) => {
  function create(handler: string, options: Partial<LambdaFunctionOptions> = {}): LambdaFunction {
    const fn = createLambdaFunction({ name: "shop", taskRoot, handler: `index.${handler}`, runtime, ...options });
    functions.push(fn);
    return fn;
  }
  const json = (outcome: InvocationOutcome): unknown => {
    if (outcome.kind === "error") throw new Error(`${outcome.errorType}: ${outcome.errorMessage}`);
    return JSON.parse(outcome.body.toString());
  };

  it("answers, and keeps its environment for the next invocation", async () => {
    const fn = create("echo");
    expect(json(await fn.invoke({ n: 1 }))).toEqual({ event: { n: 1 }, functionName: "shop", invocations: 1 });
    expect(json(await fn.invoke({ n: 2 }))).toMatchObject({ invocations: 2 });
    expect(fn.environments).toBe(1);
  });

  it("reports what it threw", async () => {
    const outcome = await create("fail").invoke({});
    expect(outcome).toEqual({ kind: "error", errorType: "OutOfStockError", errorMessage: "no stock" });
  });

  it("runs one invocation at a time in each environment, and as many environments as needed", async () => {
    const fn = create("meet");
    const [one, two] = [`${runtime.name}-one`, `${runtime.name}-two`];
    const pids = await Promise.all([fn.invoke({ mine: one, partner: two }), fn.invoke({ mine: two, partner: one })]);
    expect(new Set(pids.map(json)).size).toBe(2);
  });

  it("lets invocations wait beyond its limit", async () => {
    const fn = create("slow", { concurrencyMax: 1 });
    const pids = await Promise.all([1, 2, 3].map(() => fn.invoke({ ms: 1 })));
    expect(new Set(pids.map(json)).size).toBe(1);
    expect(fn.environments).toBe(1);
  });

  it("is killed at its deadline and starts anew", async () => {
    const lines: string[] = [];
    const fn = create("slow", { timeoutMs: 400, log: (line) => lines.push(line) });
    const first = json(await fn.invoke({ ms: 0 }));
    expect(await fn.invoke({ ms: 60_000 })).toMatchObject({
      kind: "error",
      errorType: "Sandbox.Timedout",
      errorMessage: "Task timed out after 0.40 seconds",
    });
    expect(json(await fn.invoke({ ms: 0 }))).not.toBe(first);
    expect(lines.join("\n")).toMatch(/REPORT RequestId: .*\tStatus: timeout/);
  });

  it("says so when its process exits, and starts anew", async () => {
    const fn = create("exit");
    const outcome = await fn.invoke({});
    expect(outcome).toMatchObject({ errorType: "Runtime.ExitError" });
    expect(outcome.kind === "error" && outcome.errorMessage).toMatch(/exit status 3/);
    await vi.waitUntil(() => fn.environments === 0);
  });

  it("tells the time left, and the trace header", async () => {
    const remaining = json(await create("remaining", { timeoutMs: 5_000 }).invoke({}));
    expect(remaining).toBeGreaterThan(1_000);
    expect(remaining).toBeLessThanOrEqual(5_000);
    const traceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    expect(json(await create("trace").invoke({}, { traceHeader }))).toBe(traceHeader);
  });

  it.for([
    ["missing", "Runtime.HandlerNotFound"],
    ["callback", "Runtime.CallbackHandlerDeprecated"],
  ] as const)("fails every invocation when the handler is %s", async ([handler, errorType]) => {
    const lines: string[] = [];
    const fn = create(handler, { log: (line) => lines.push(line) });
    expect(await fn.invoke({})).toMatchObject({ kind: "error", errorType });
    expect(await fn.invoke({})).toMatchObject({ kind: "error", errorType });
    expect(lines.filter((line) => line.startsWith(`INIT_REPORT Status: error Error Type: ${errorType}`))).toHaveLength(2);
  });

  it("streams a response, and says when it was cut", async () => {
    const fn = create("stream");
    const whole = await fn.invoke({});
    expect(whole).toMatchObject({ kind: "response", streamed: true });
    expect(whole.kind === "response" && whole.body.toString()).toBe("one two");
    expect(await fn.invoke({ fail: true })).toMatchObject({ kind: "error", errorMessage: "cut" });
  });

  it("makes no progress between invocations", async () => {
    const fn = create("ticking");
    const first = Number(json(await fn.invoke({})));
    const other = create("slow");
    await other.invoke({ ms: 200 });
    // 200 ms later a running process would have ticked a hundred times and more; a few pass before it is stopped.
    expect(Number(json(await fn.invoke({}))) - first).toBeLessThan(60);
  });

  it("is given a fresh environment once its own is too old, or was idle too long", async () => {
    const old = create("where", { environmentAgeMs: -1 });
    expect(json(await old.invoke({}))).not.toBe(json(await old.invoke({})));
    const idle = create("where", { environmentIdleMs: 1 });
    await idle.invoke({});
    await vi.waitUntil(() => idle.environments === 0);
  });

  it("writes the report line of a cold start once", async () => {
    const lines: string[] = [];
    const fn = create("echo", { log: (line) => lines.push(line) });
    await fn.invoke({});
    await fn.invoke({});
    const reports = lines.filter((line) => line.startsWith("REPORT"));
    expect(reports).toHaveLength(2);
    expect(reports[0]).toMatch(
      /^REPORT RequestId: [0-9a-f-]{36}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t$/,
    );
    expect(reports[1]).not.toContain("Init Duration");
  });
});
