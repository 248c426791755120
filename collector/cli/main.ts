#!/usr/bin/env node
/** The command `hopscope`. */
import { parseArgs } from "node:util";
import { ListenError } from "../http/serve.ts";
import { StoreStartError } from "../store/start-error.ts";
import { ConfigError } from "./config.ts";

/** Loaded when called, so that help and a wrong command answer at once. */
const commands: Record<string, () => Promise<void>> = {
  start: async () => (await import("./start.ts")).start(),
  demo: async () => (await import("./demo.ts")).demo(),
  doctor: async () => (await import("./doctor.ts")).doctor(),
};

const usage = `Usage: hopscope <command>

  start    collector, UI and database, on http://localhost:4318
  demo     the same, with the checkout example sending orders through it
  doctor   says whether the collector can run on this machine, and what to do where not

Settings are environment variables (HOPSCOPE_PORT, HOPSCOPE_DATA_DIR, HOPSCOPE_CLICKHOUSE_URL ...):
docs/configuration.md has them all.
`;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  if (values.help === true) return void process.stdout.write(usage);
  const [name, ...rest] = positionals;
  const command = name === undefined ? undefined : commands[name];
  if (command === undefined || rest.length > 0) {
    const wrong = name === undefined ? "a command is missing" : `"${[name, ...rest].join(" ")}" is no command`;
    throw new UsageError(`${wrong}; the commands are ${Object.keys(commands).join(", ")} (see hopscope --help).`);
  }
  await command();
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { help: { type: "boolean", short: "h" } } });
  } catch (error) {
    // Node's message goes on to explain its own syntax.
    const [message = ""] = String(error instanceof Error ? error.message : error).split(". ");
    throw new UsageError(`${message} (see hopscope --help).`);
  }
}

/** What a user can put right is told in its own words; the rest is a defect and keeps its stack. */
function describe(error: unknown): string {
  const known = [ConfigError, ListenError, StoreStartError, UsageError];
  if (known.some((type) => error instanceof type)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  for (const line of describe(error).split("\n")) process.stderr.write(`hopscope: ${line}\n`);
  process.exit(1);
}
