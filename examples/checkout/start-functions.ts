import { bundleHandler } from "@hopscope/local-cloud/bundle-handler";
import { createLambdaFunction, type LambdaFunction } from "@hopscope/local-cloud/lambda-function";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The shop's functions. */
export interface Functions {
  readonly api: LambdaFunction;
  readonly payment: LambdaFunction;
  readonly cancelOrder: LambdaFunction;
  stop(): Promise<void>;
}

/** Environments live this long, so that somebody who looks on sees cold starts; idle ones end sooner. */
const ENVIRONMENT_AGE_MS = 60_000;
const ENVIRONMENT_IDLE_MS = 15_000;

/**
 * Bundles the handlers as for a deployment and makes functions of them.
 *
 * @param environmentOf variables of a function, given its name (which is its service name too)
 * @param log gets each line of every function's log, the function's name before it
 */
export async function startFunctions(
  environmentOf: (name: string) => Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<Functions> {
  const bundles = await mkdtemp(join(tmpdir(), "hopscope-checkout-"));

  async function create(handler: string): Promise<LambdaFunction> {
    const name = `checkout-${handler}`;
    const entry = fileURLToPath(new URL(`functions/${handler}.ts`, import.meta.url));
    return createLambdaFunction({
      name,
      taskRoot: await bundleHandler(entry, join(bundles, handler)),
      env: environmentOf(name),
      environmentAgeMs: ENVIRONMENT_AGE_MS,
      environmentIdleMs: ENVIRONMENT_IDLE_MS,
      log: (line) => log(`${name}: ${line}`),
    });
  }

  const [api, payment, cancelOrder] = await Promise.all([create("api"), create("payment"), create("cancel-order")]);
  return {
    api,
    payment,
    cancelOrder,
    async stop() {
      for (const fn of [api, payment, cancelOrder]) fn.stop();
      await rm(bundles, { recursive: true, force: true });
    },
  };
}
