// Runs a handler as Lambda's Node 24 runtime does, for machines where aws-lambda-ric cannot be built.
// Start: node small-runtime-client.mjs FILE.EXPORT, with AWS_LAMBDA_RUNTIME_API and LAMBDA_TASK_ROOT set.
import { existsSync } from "node:fs";
import http from "node:http";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const API = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
/** Between the JSON head of a streamed HTTP response and its body. */
const PRELUDE_END = Buffer.alloc(8);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

globalThis.awslambda = {
  ...globalThis.awslambda,
  streamifyResponse(handler, options) {
    handler[STREAMING] = "response";
    if (options?.highWaterMark !== undefined) {
      handler[Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark")] = options.highWaterMark;
    }
    return handler;
  },
  HttpResponseStream: {
    from(stream, prelude) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      stream.write(JSON.stringify(prelude));
      stream.write(PRELUDE_END);
      return stream;
    },
  },
};

const handler = await loadHandler(process.argv[2] ?? process.env._HANDLER ?? "").catch(async (error) => {
  await post("/init/error", JSON.stringify(formatError(error)));
  process.exit(1);
});
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, async (error) => {
    console.error(event, error);
    if (current !== undefined) await post(`/invocation/${current}/error`, JSON.stringify(formatError(error)));
    process.exit(event === "uncaughtException" ? 129 : 128);
  });
}

/** Request id of the invocation under way. */
let current;
for (;;) {
  const next = await send("GET", "/invocation/next").done;
  current = next.headers["lambda-runtime-aws-request-id"];
  const traceHeader = next.headers["lambda-runtime-trace-id"];
  if (traceHeader === undefined) delete process.env._X_AMZN_TRACE_ID;
  else process.env._X_AMZN_TRACE_ID = traceHeader;
  await invoke(current, JSON.parse(next.body.toString()), makeContext(next.headers));
  current = undefined;
}

async function invoke(requestId, event, context) {
  const path = `/invocation/${requestId}`;
  if (handler[STREAMING] === "response") return invokeStreaming(path, event, context);
  let body;
  try {
    body = JSON.stringify((await handler(event, context)) ?? null) ?? "null";
  } catch (error) {
    console.error("Invoke Error", error);
    await post(`${path}/error`, JSON.stringify(formatError(error)));
    return;
  }
  await post(`${path}/response`, body);
}

async function invokeStreaming(path, event, context) {
  const trailers = "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body";
  const { request, done } = send("POST", `${path}/response`, {
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Transfer-Encoding": "chunked",
    "Content-Type": "application/octet-stream",
    Trailer: trailers,
  });
  request.setContentType = (type) => request.setHeader("Content-Type", type);
  try {
    await handler(event, request, context);
    if (!request.writableEnded) request.end();
  } catch (error) {
    const formatted = formatError(error);
    request.addTrailers({
      "Lambda-Runtime-Function-Error-Type": formatted.errorType,
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(formatted)).toString("base64"),
    });
    request.end();
  }
  await done;
}

function makeContext(headers) {
  const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    xRayTraceId: headers["lambda-runtime-trace-id"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

async function loadHandler(name) {
  const [file = "", ...exportPath] = basename(name).split(".");
  const base = join(process.env.LAMBDA_TASK_ROOT ?? ".", dirname(name), file);
  const path = [".js", ".mjs", ".cjs"].map((extension) => base + extension).find((candidate) => existsSync(candidate));
  if (path === undefined) throw named("Runtime.ImportModuleError", `Error: Cannot find module '${file}'`);
  const module = await import(pathToFileURL(path).href);
  const find = (root) => exportPath.reduce((value, key) => value?.[key], root);
  const found = find(module) ?? find(module.default);
  if (typeof found !== "function") throw named("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  if (found.length >= 3 && found[STREAMING] === undefined) {
    throw named("Runtime.CallbackHandlerDeprecated", "callback-based function handlers are not supported");
  }
  return found;
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

function formatError(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split("\n") ?? [] };
}

function post(path, body) {
  const { request, done } = send("POST", path, { "Content-Type": "application/json" });
  request.end(body);
  return done;
}

/** A GET is sent at once; the caller ends any other request. */
function send(method, path, headers = {}) {
  const request = http.request(API + path, { method, headers, agent });
  const done = new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.once("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
  });
  if (method === "GET") request.end();
  return { request, done };
}
