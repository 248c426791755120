/** `hopscope check-alerts FILE --since 7d`: whether a rules file is valid, and when it would have told what. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { alertCheckSchema, type AlertCheck } from "../../schema/alert-api.ts";
import { errorResponseSchema } from "../../schema/api.ts";
import { checkFile, readForCheck } from "../alert/runner/check-file.ts";
import { describeProblem, type Problem } from "../alert/rules/read-file.ts";
import { periodMs } from "../../schema/alert-quantities.ts";
import { lockDataDir } from "../store/data-dir.ts";
import { silentLog } from "../store/log.ts";
import { openStore } from "../store/open-store.ts";
import { ConfigError, readConfig, type Config } from "./config.ts";
import { addressOf, readerHeaders } from "./reader-access.ts";

/** Prints problems, or what the rules would have told; the exit code is 1 where the file is not valid. */
export async function checkAlerts(args: string[]): Promise<void> {
  const { path, sinceMs } = readArgs(args);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new ConfigError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const read = readForCheck(text);
  if (!read.ok) return printProblems(path, read.problems);
  process.stdout.write(`${path}: ${String(read.config.rules.length)} rules are valid\n`);
  if (sinceMs === undefined) return;
  const toMs = Date.now();
  print(await check(readConfig(process.env), text, { fromMs: toMs - sinceMs, toMs }));
}

const usage = "usage: hopscope check-alerts FILE [--since 7d]";

function readArgs(args: string[]): { path: string; sinceMs: number | undefined } {
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { since: { type: "string" } } });
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}; ${usage}`);
  }
  const [path, ...rest] = parsed.positionals;
  if (path === undefined || rest.length > 0) throw new ConfigError(usage);
  const { since } = parsed.values;
  if (since === undefined) return { path, sinceMs: undefined };
  if (!/^\d+(m|h|d)$/.test(since))
    throw new ConfigError(`--since is "${since}", but must be such as 90m, 24h or 7d.`);
  return { path, sinceMs: periodMs(since) };
}

/** Asks the store itself, or the collector that has it open on this machine. */
async function check(config: Config, text: string, range: { fromMs: number; toMs: number }): Promise<AlertCheck> {
  if (config.clickhouseUrl === undefined && (await isOpenElsewhere(config.dataDir)))
    return askCollector(config, text, range);
  const { store, close } = await openStore({ ...config, log: silentLog });
  try {
    return await checkFile(store, text, { ...range, allowQueries: true, baseUrl: "" });
  } finally {
    await close();
  }
}

async function isOpenElsewhere(dataDir: string): Promise<boolean> {
  try {
    (await lockDataDir(dataDir)).release();
    return false;
  } catch {
    return true;
  }
}

async function askCollector(
  config: Config,
  text: string,
  range: { fromMs: number; toMs: number },
): Promise<AlertCheck> {
  const url = new URL("/api/alerts/check", addressOf(config.host, config.port));
  url.searchParams.set("from", new Date(range.fromMs).toISOString());
  url.searchParams.set("to", new Date(range.toMs).toISOString());
  const body = JSON.stringify({ file: text });
  const headers = { "content-type": "application/json", ...readerHeaders(config) };
  const response = await fetch(url, { method: "POST", body, headers });
  const answer: unknown = await response.json();
  if (!response.ok) {
    const { error } = errorResponseSchema.parse(answer);
    throw new ConfigError(`the collector at ${url.origin} answered ${String(response.status)}: ${error.message}`);
  }
  return alertCheckSchema.parse(answer);
}

function print({ messages, skipped }: AlertCheck): void {
  for (const { at, title } of messages) process.stdout.write(`${at}  ${title}\n`);
  const firing = messages.filter((one) => one.kind === "firing").length;
  process.stdout.write(`${String(messages.length)} messages, ${String(firing)} of them about new alerts\n`);
  for (const id of skipped) {
    process.stdout.write(
      `not checked: ${id} has a query of its own; stop the collector or set HOPSCOPE_CLICKHOUSE_URL\n`,
    );
  }
}

function printProblems(path: string, problems: readonly Problem[]): void {
  for (const problem of problems) process.stderr.write(`${path}: ${describeProblem(problem)}\n`);
  process.exitCode = 1;
}
