/**
 * V8 reads a function twice that is called: once to find its end, once to compile it. One in parentheses it compiles
 * as it meets it. Which ones that is right for is found by running a cold start with one SQS message.
 */
import { execFileSync } from "node:child_process";
import { parseSync } from "rolldown/utils";

/** Prints where the functions begin that run, by file. The collector is one that refuses. */
const PROFILE = `
  const { Session } = require("node:inspector");
  const { basename } = require("node:path");
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  console.warn = () => {};
  const handler = require(process.argv[1]).traced(async () => 1);
  const body = "{}";
  const record = { messageId: "m", receiptHandle: "r", body, attributes: {}, messageAttributes: {
    traceparent: { stringValue: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", dataType: "String" },
  }, md5OfBody: "m", eventSource: "aws:sqs", eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:q" };
  const context = { awsRequestId: "r", invokedFunctionArn: "a:b:c:d:e:f:g", getRemainingTimeInMillis: () => 3000 };
  handler({ Records: [record] }, context).then(() => {
    session.post("Profiler.takePreciseCoverage", (_, { result }) => {
      const files = result.map(({ url, functions }) => [
        basename(url),
        functions.filter(({ ranges }) => ranges[0].count > 0).map(({ ranges }) => ranges[0].startOffset),
      ]);
      process.stdout.write(JSON.stringify(Object.fromEntries(files)));
    });
  });
`;

/** Where the functions begin that a cold start of the package at `entry` runs, by file. */
export function functionsThatRun(entry) {
  const env = {
    PATH: process.env.PATH,
    AWS_LAMBDA_FUNCTION_NAME: "build",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
  };
  return JSON.parse(execFileSync(process.execPath, ["-e", PROFILE, entry], { env, encoding: "utf8" }));
}

/** Shorter ones cost more in characters than they gain. */
const FUNCTION_CHARS_MIN = 50;

/** `code` with the functions of it that begin at `starts` in parentheses, before everything else, as they were. */
export function compiledAtOnce(code, starts) {
  const ran = new Set(starts);
  const { program } = parseSync("part.cjs", code);
  const isMoved = ({ type, start, end }) =>
    type === "FunctionDeclaration" && ran.has(start) && end - start >= FUNCTION_CHARS_MIN;
  const moved = program.body.filter(isMoved);
  if (moved.length === 0) throw new Error("a cold start runs nothing of a file that is there for it");
  const functions = moved.map(({ id, start, end }) => {
    const head = code.slice(start, id.start).trimEnd();
    return `${id.name}=(${head}${code.slice(id.end, end)})`;
  });
  let rest = "";
  let from = 0;
  for (const { start, end } of moved) {
    rest += code.slice(from, start);
    from = end;
  }
  return (rest + code.slice(from)).replace('"use strict";', `"use strict";var ${functions};`);
}
