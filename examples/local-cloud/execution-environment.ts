import { randomBytes } from "node:crypto";
import { REGION } from "./start-aws.ts";
import type { LambdaRuntime } from "./lambda-runtime.ts";
import { startRuntimeApi, type Invocation, type InvocationOutcome } from "./runtime-api.ts";
import { spawnTied } from "./tied-process.ts";

/** What an execution environment is made of. */
export interface EnvironmentOptions {
  readonly functionName: string;
  readonly runtime: LambdaRuntime;
  /** Directory of the function's code: the process's working directory. */
  readonly taskRoot: string;
  /** `file.export`. */
  readonly handler: string;
  readonly memorySizeMb: number;
  readonly env: Readonly<Record<string, string>>;
  /** Gets each line that the function prints. */
  readonly log: (line: string) => void;
  /** Called each time that it waits for an invocation. */
  readonly onIdle: () => void;
  /** Called once, when its process has ended; says why where it never became ready. */
  readonly onExit: (initError: InvocationOutcome | undefined) => void;
}

/** One process that runs one invocation at a time, frozen in between. */
export interface ExecutionEnvironment {
  readonly logStream: string;
  /** From process start to readiness, in milliseconds; undefined while it initialises. */
  readonly initMs: number | undefined;
  /** Process id; undefined where the process could not be started. */
  readonly pid: number | undefined;
  /** Resolves to what the function answers; call it only when idle. Killed at the deadline. Never rejects. */
  invoke(invocation: Invocation): Promise<InvocationOutcome>;
  /** Ends it at once, as Lambda does with environments that it no longer needs. */
  kill(): void;
}

/** Lambda gives the init phase this long. */
const INIT_LIMIT_MS = 10_000;

/**
 * Starts an environment as Lambda does: the process initialises, asks for an invocation, and is stopped (SIGSTOP)
 * whenever it waits, so that work left over after a response makes no progress until the next one.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
export async function startEnvironment(options: EnvironmentOptions): Promise<ExecutionEnvironment> {
  const logStream = `${new Date().toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${randomBytes(16).toString("hex")}`;
  let initMs: number | undefined;
  let initError: InvocationOutcome | undefined;
  let running: { invocation: Invocation; finish: (outcome: InvocationOutcome) => void } | undefined;
  let deadline: NodeJS.Timeout | undefined;

  const api = await startRuntimeApi({
    onNext() {
      clearTimeout(deadline);
      clearTimeout(initLimit);
      initMs ??= performance.now() - startedAt;
      child.kill("SIGSTOP");
      options.onIdle();
    },
    onOutcome(requestId, outcome) {
      if (running?.invocation.requestId === requestId) running.finish(outcome);
    },
    onInitError(outcome) {
      initError = outcome;
    },
  });

  const startedAt = performance.now();
  const child = spawnTied(process.execPath, [options.runtime.script, options.handler], {
    cwd: options.taskRoot,
    env: environmentVariables(options, api.address, logStream),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  const initLimit = setTimeout(kill, INIT_LIMIT_MS);
  forwardLines(child.stdout, options.log);
  forwardLines(child.stderr, options.log);

  const onEnd = (why: string): void => {
    clearTimeout(deadline);
    clearTimeout(initLimit);
    api.close();
    const exit: InvocationOutcome = { kind: "error", errorType: "Runtime.ExitError", errorMessage: why };
    running?.finish({ ...exit, errorMessage: `RequestId: ${running.invocation.requestId} Error: ${why}` });
    options.onExit(initMs === undefined ? (initError ?? exit) : undefined);
  };
  child.once("error", (error) => onEnd(error.message));
  child.once("exit", (code, signal) =>
    onEnd(`Runtime exited with error: ${signal === null ? `exit status ${code}` : `signal: ${signal}`}`),
  );

  return {
    logStream,
    pid: child.pid,
    get initMs() {
      return initMs;
    },
    kill,
    invoke(invocation) {
      return new Promise((resolve) => {
        const finish = (outcome: InvocationOutcome): void => {
          running = undefined;
          resolve(outcome);
        };
        running = { invocation, finish };
        const limitMs = invocation.deadlineMs - Date.now();
        deadline = setTimeout(() => {
          kill();
          running?.finish(timedOut(invocation, limitMs, options.log));
        }, limitMs);
        child.kill("SIGCONT");
        api.deliver(invocation);
      });
    },
  };
}

/** What Lambda writes to the log, and what the caller gets. */
function timedOut(invocation: Invocation, limitMs: number, log: (line: string) => void): InvocationOutcome {
  const errorMessage = `Task timed out after ${(limitMs / 1000).toFixed(2)} seconds`;
  log(`${new Date().toISOString()} ${invocation.requestId} ${errorMessage}`);
  return { kind: "error", errorType: "Sandbox.Timedout", errorMessage };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function environmentVariables(options: EnvironmentOptions, apiAddress: string, logStream: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    TZ: ":UTC",
    LANG: "en_US.UTF-8",
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    ...options.env,
    AWS_LAMBDA_RUNTIME_API: apiAddress,
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_FUNCTION_NAME: options.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memorySizeMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${options.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    LAMBDA_TASK_ROOT: options.taskRoot,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    _HANDLER: options.handler,
  };
}

function forwardLines(stream: NodeJS.ReadableStream | null, log: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) log(line);
  });
  stream?.once("end", () => {
    if (rest !== "") log(rest);
  });
}
