#!/usr/bin/env node
/** The command `hopscope`. */
import { ListenError } from "../http/serve.ts";
import { StoreStartError } from "../store/start-error.ts";
import { ConfigError } from "./config.ts";

/** Loaded when called, so that help and a wrong command answer at once. */
const commands: Record<string, (args: string[]) => Promise<void>> = {
  start: async (args) => {
    refuseArguments(args);
    await (await import("./start.ts")).start();
  },
  demo: async (args) => {
    refuseArguments(args);
    await (await import("./demo.ts")).demo();
  },
  doctor: async (args) => {
    refuseArguments(args);
    await (await import("./doctor.ts")).doctor();
  },
  "check-alerts": async (args) => (await import("./check-alerts.ts")).checkAlerts(args),
};

const usage = `Usage: hopscope <command>

  start         collector, UI and database, on http://localhost:4318
  demo          the same, with the checkout example sending orders through it
  doctor        says whether the collector can run on this machine, and what to do where not
  check-alerts  FILE [--since 7d]: whether alert rules are valid, and when they would have told what

Settings are environment variables (HOPSCOPE_PORT, HOPSCOPE_DATA_DIR, HOPSCOPE_CLICKHOUSE_URL ...):
docs/configuration.md has them all.
`;

class UsageError extends Error {}

async function main([name, ...args]: string[]): Promise<void> {
  if (name === "--help" || name === "-h" || args.includes("--help")) return void process.stdout.write(usage);
  const command = name === undefined ? undefined : commands[name];
  if (command !== undefined) return command(args);
  const wrong = name === undefined ? "a command is missing" : `"${name}" is no command`;
  throw new UsageError(`${wrong}; the commands are ${Object.keys(commands).join(", ")} (see hopscope --help).`);
}

function refuseArguments(args: string[]): void {
  if (args.length === 0) return;
  throw new UsageError(`"${args.join(" ")}" is not taken: settings are environment variables (see hopscope --help).`);
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
