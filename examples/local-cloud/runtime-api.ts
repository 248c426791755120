import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What one invocation came to. */
export type InvocationOutcome =
  | { readonly kind: "response"; readonly body: Buffer; readonly streamed: boolean }
  | { readonly kind: "error"; readonly errorType: string; readonly errorMessage: string };

/** One event on its way into a function. */
export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  /** Milliseconds since the epoch at which the function is killed. */
  readonly deadlineMs: number;
  readonly functionArn: string;
  /** `X-Amzn-Trace-Id` that the runtime sees. */
  readonly traceHeader?: string;
}

/** What the function's process told. */
export interface RuntimeApiListener {
  /** It is initialised, or done with an invocation, and waits for the next one. */
  onNext(): void;
  onOutcome(requestId: string, outcome: InvocationOutcome): void;
  onInitError(outcome: InvocationOutcome): void;
}

/** The Runtime API of one execution environment. */
export interface RuntimeApi {
  /** `host:port` for AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Answers the waiting `/next`. Call it only after `onNext`, once each. */
  deliver(invocation: Invocation): void;
  close(): void;
}

const PREFIX = "/2018-06-01/runtime";
const REPORT = /^\/invocation\/([^/]+)\/(response|error)$/;
const ACCEPTED = JSON.stringify({ status: "OK" });

/**
 * Serves Lambda's Runtime API to one process, on a free loopback port.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startRuntimeApi(listener: RuntimeApiListener): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;

  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace(PREFIX, "");
    if (path === "/invocation/next") {
      waiting = response;
      listener.onNext();
      return;
    }
    readBody(request)
      .then((body) => {
        const report = REPORT.exec(path);
        if (report !== null) listener.onOutcome(report[1] ?? "", outcomeOf(report[2] === "error", request, body));
        else if (path === "/init/error") listener.onInitError(errorOutcome(body));
        response.writeHead(report !== null || path === "/init/error" ? 202 : 404).end(ACCEPTED);
      })
      .catch(() => response.destroy());
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    deliver(invocation) {
      waiting?.writeHead(200, nextHeaders(invocation)).end(JSON.stringify(invocation.event));
      waiting = undefined;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function nextHeaders(invocation: Invocation): Record<string, string> {
  return {
    "Content-Type": "application/json",
    "Lambda-Runtime-Aws-Request-Id": invocation.requestId,
    "Lambda-Runtime-Deadline-Ms": String(Math.round(invocation.deadlineMs)),
    "Lambda-Runtime-Invoked-Function-Arn": invocation.functionArn,
    ...(invocation.traceHeader === undefined ? {} : { "Lambda-Runtime-Trace-Id": invocation.traceHeader }),
  };
}

/** A streamed response that failed midway says so in trailers, after part of its body. */
function outcomeOf(failed: boolean, request: IncomingMessage, body: Buffer): InvocationOutcome {
  if (failed) return errorOutcome(body);
  const trailer = request.trailers["lambda-runtime-function-error-body"];
  if (trailer !== undefined) return errorOutcome(Buffer.from(trailer, "base64"));
  const streamed = request.headers["lambda-runtime-function-response-mode"] === "streaming";
  return { kind: "response", body, streamed };
}

function errorOutcome(body: Buffer): InvocationOutcome {
  try {
    const { errorType, errorMessage } = JSON.parse(body.toString()) as Record<string, unknown>;
    return { kind: "error", errorType: String(errorType), errorMessage: String(errorMessage) };
  } catch {
    return { kind: "error", errorType: "Runtime.Unknown", errorMessage: body.toString() };
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
