import { randomUUID } from "node:crypto";
import { EnvironmentPool } from "./environment-pool.ts";
import { findLambdaRuntime, type LambdaRuntime } from "./lambda-runtime.ts";
import { reportLine } from "./report-line.ts";
import type { InvocationOutcome } from "./runtime-api.ts";
import { ACCOUNT_ID, REGION } from "./start-aws.ts";

/** A function to run. */
export interface LambdaFunctionOptions {
  readonly name: string;
  /** Directory with the handler's file, as `bundleHandler` makes one. */
  readonly taskRoot: string;
  /** `file.export`; `index.handler` unless given. */
  readonly handler?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default 3,000 as Lambda's. */
  readonly timeoutMs?: number;
  /** Default 128 as Lambda's; told to the function, not enforced. */
  readonly memorySizeMb?: number;
  /** Environments at once; invocations beyond wait. Default 10. */
  readonly concurrencyMax?: number;
  /** An environment idle for this long is ended. Default 60,000; Lambda waits longer. */
  readonly environmentIdleMs?: number;
  /** An environment this old is ended, so that cold starts keep occurring under steady load. Default 600,000. */
  readonly environmentAgeMs?: number;
  /** Default: aws-lambda-ric where it was built. */
  readonly runtime?: LambdaRuntime;
  /** Gets each line of the function's log, the platform's START, END and REPORT included. */
  readonly log?: (line: string) => void;
}

/** A function that can be invoked. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  readonly runtime: LambdaRuntime["name"];
  /** Environments alive at present. */
  readonly environments: number;
  /** Runs one event. A failure is an outcome: it never rejects. */
  invoke(event: unknown, options?: { traceHeader?: string }): Promise<InvocationOutcome>;
  /** Ends every environment at once. */
  stop(): void;
}

/** A function that runs its handler in real processes, one invocation each at a time. */
export function createLambdaFunction(options: LambdaFunctionOptions): LambdaFunction {
  const { name, timeoutMs = 3_000, memorySizeMb = 128, log = () => undefined } = options;
  const runtime = options.runtime ?? findLambdaRuntime();
  const arn = `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${name}`;
  const pool = new EnvironmentPool({
    environment: {
      functionName: name,
      runtime,
      taskRoot: options.taskRoot,
      handler: options.handler ?? "index.handler",
      memorySizeMb,
      env: options.env ?? {},
      log,
    },
    concurrencyMax: options.concurrencyMax ?? 10,
    idleLimitMs: options.environmentIdleMs ?? 60_000,
    ageLimitMs: options.environmentAgeMs ?? 600_000,
  });

  return {
    name,
    arn,
    runtime: runtime.name,
    get environments() {
      return pool.size;
    },
    async invoke(event, { traceHeader } = {}) {
      const lease = await pool.acquire();
      if ("kind" in lease) {
        if (lease.kind === "error") log(`INIT_REPORT Status: error Error Type: ${lease.errorType} ${lease.errorMessage}`);
        return lease;
      }
      const { environment, coldStart, settle } = lease;
      const requestId = randomUUID();
      log(`START RequestId: ${requestId} Version: $LATEST`);
      const startedAt = performance.now();
      const outcome = await environment.invoke({
        requestId,
        event,
        deadlineMs: Date.now() + timeoutMs,
        functionArn: arn,
        ...(traceHeader === undefined ? {} : { traceHeader }),
      });
      settle();
      const durationMs = performance.now() - startedAt;
      const initMs = coldStart ? environment.initMs : undefined;
      log(`END RequestId: ${requestId}`);
      log(reportLine({ requestId, durationMs, memorySizeMb, pid: environment.pid, initMs, outcome }));
      return outcome;
    },
    stop: () => pool.stop(),
  };
}
