/**
 * A function under Lambda's runtime interface client, with a Runtime API that stops the process (SIGSTOP)
 * whenever it waits for an invocation, as Lambda freezes environments: what was not sent by then stays unsent.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** How an invocation ended. */
export interface Outcome {
  kind: "response" | "error" | "exit";
  body: string;
  requestId: string;
}

export interface FunctionOptions {
  /** `file.export` in testing/functions. */
  handler: string;
  runtime: string;
  env?: Record<string, string>;
  node?: string;
  /** Freezes the process between invocations; off for concurrent ones. */
  freeze?: boolean;
  timeoutMs?: number;
  /** How long after its deadline a function is killed; Lambda waits for nothing, a busy machine is late. */
  graceMs?: number;
  directory?: string;
}

export interface RunningFunction {
  readonly log: string;
  readonly initError: string | undefined;
  invoke(event: unknown, requestId?: string): Promise<Outcome>;
  stop(): void;
}

const FUNCTIONS = join(import.meta.dirname, "functions");
const CLIENTS = join(import.meta.dirname, "../../examples/local-cloud");

/** Runtime clients that were built on this machine, by generation. */
export const RUNTIMES: Record<"current" | "legacy", string | undefined> = {
  /** As on Node 24: no callbacks. */
  current: found(join(CLIENTS, "lambda-runtime/node_modules/aws-lambda-ric/index.mjs")),
  /** As on Node 22 and earlier. */
  legacy: found(join(import.meta.dirname, "legacy-runtime/node_modules/aws-lambda-ric/bin/index.mjs")),
};

function found(file: string): string | undefined {
  return existsSync(file) ? file : undefined;
}

interface Pending {
  requestId: string;
  event: unknown;
  settle: (outcome: Omit<Outcome, "requestId">) => void;
}

/** One execution environment: its process, and the Runtime API that it talks to. */
class Environment implements RunningFunction {
  log = "";
  initError: string | undefined;
  readonly #options: FunctionOptions;
  readonly #timeoutMs: number;
  readonly #freeze: boolean;
  readonly #server = http.createServer((request, response) => this.#answer(request, response));
  readonly #queue: Pending[] = [];
  readonly #open = new Map<string, Pending>();
  readonly #waiting: ServerResponse[] = [];
  #child: ChildProcess | undefined;
  #onIdle: () => void = () => undefined;

  constructor(options: FunctionOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 3_000;
    this.#freeze = options.freeze ?? true;
  }

  async start(): Promise<void> {
    const { node = process.execPath, runtime, handler, directory = FUNCTIONS } = this.#options;
    this.#server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo;
    const ready = new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#child = spawn(node, [runtime, handler], { cwd: directory, env: environment(this.#options, port) });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (data: Buffer) => (this.log += data.toString()));
    }
    this.#child.on("exit", (code, signal) => {
      this.#onIdle();
      for (const pending of this.#open.values()) pending.settle({ kind: "exit", body: String(code ?? signal) });
    });
    await ready;
  }

  invoke(event: unknown, requestId: string = randomUUID()): Promise<Outcome> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => this.#child?.kill("SIGKILL"), this.#timeoutMs + (this.#options.graceMs ?? 0));
      const settle: Pending["settle"] = (outcome) => {
        clearTimeout(deadline);
        this.#open.delete(requestId);
        const done = (): void => resolve({ ...outcome, requestId });
        // An environment freezes when it asks for the next event, which is after its answer.
        if (this.#freeze && outcome.kind !== "exit") this.#onIdle = done;
        else done();
      };
      this.#queue.push({ requestId, event, settle });
      this.#deliver();
    });
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").replace("/2018-06-01/runtime", "");
    if (path === "/invocation/next") {
      this.#waiting.push(response);
      this.#onIdle();
      if (this.#queue.length > 0) this.#deliver();
      else if (this.#freeze) this.#child?.kill("SIGSTOP");
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const [, requestId = "", kind] = /^\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
      const failed = kind === "error" || request.trailers["lambda-runtime-function-error-type"] !== undefined;
      this.#open.get(requestId)?.settle({ kind: failed ? "error" : "response", body });
      if (path === "/init/error") this.initError = body;
      response.writeHead(202).end('{"status":"OK"}');
    });
  }

  #deliver(): void {
    const response = this.#queue.length > 0 ? this.#waiting.shift() : undefined;
    const pending = response && this.#queue.shift();
    if (!response || !pending) return;
    this.#open.set(pending.requestId, pending);
    if (this.#freeze) this.#child?.kill("SIGCONT");
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": pending.requestId,
      "Lambda-Runtime-Deadline-Ms": String(Date.now() + this.#timeoutMs),
      "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:fn",
    });
    response.end(JSON.stringify(pending.event));
  }
}

/** Starts a function; resolves when it is initialised or has failed to be. */
export async function startFunction(options: FunctionOptions): Promise<RunningFunction> {
  const environment = new Environment(options);
  await environment.start();
  return environment;
}

function environment(options: FunctionOptions, port: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    _HANDLER: options.handler,
    LAMBDA_TASK_ROOT: options.directory ?? FUNCTIONS,
    AWS_REGION: "us-east-1",
    AWS_LAMBDA_FUNCTION_NAME: "fn",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/fn",
    AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/21/[$LATEST]0123456789abcdef",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    ...options.env,
  };
}
