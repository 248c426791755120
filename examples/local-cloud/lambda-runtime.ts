import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The program that runs a handler inside an execution environment. */
export interface LambdaRuntime {
  readonly name: "aws-lambda-ric" | "small-runtime-client";
  /** Script to start with Node; it takes the handler's name as its argument. */
  readonly script: string;
}

const RIC_DIR = new URL("lambda-runtime/node_modules/aws-lambda-ric/", import.meta.url);

/** AWS's own runtime interface client where it was built (`install-lambda-runtime.mjs`), else the small one. */
export function findLambdaRuntime(): LambdaRuntime {
  if (existsSync(new URL("rapid-client.node", RIC_DIR))) {
    return { name: "aws-lambda-ric", script: fileURLToPath(new URL("index.mjs", RIC_DIR)) };
  }
  return smallRuntime();
}

/** The small Runtime API client of this directory: Node 24 semantics, nothing to build. */
export function smallRuntime(): LambdaRuntime {
  return {
    name: "small-runtime-client",
    script: fileURLToPath(new URL("small-runtime-client.mjs", import.meta.url)),
  };
}
