import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Environment variable that keeps the name of the user's own handler. */
export const ORIGINAL_HANDLER = "HOPSCOPE_HANDLER";

/** Directory of the running file: of the built package. */
declare const __dirname: string | undefined;

/**
 * Has Lambda's runtime load our stand-in for the handler named by `_HANDLER`. Absolute handler names are what AWS
 * itself advises for code outside of the task's root.
 */
export function interceptHandler(): void {
  const handler = process.env._HANDLER;
  if (!handler || !process.env.AWS_LAMBDA_RUNTIME_API || process.env[ORIGINAL_HANDLER]) return;
  const directory = typeof __dirname === "string" ? __dirname : dirname(fileURLToPath(import.meta.url));
  const standIn = `${join(directory, "lambda-handler")}.handler`;
  process.env[ORIGINAL_HANDLER] = handler;
  process.env._HANDLER = standIn;
  // Runtime clients of container images are told the handler on their command line.
  for (const [index, argument] of process.argv.entries()) if (argument === handler) process.argv[index] = standIn;
}
