/** `hopscope doctor`: whether the collector can run here. It tries each thing for real and leaves nothing behind. */
import { misspelledSettings, readConfig, type Config } from "./config.ts";
import {
  checkClock,
  checkDataDir,
  checkDisk,
  checkGrpcPort,
  checkNode,
  checkPort,
  checkSegments,
} from "./doctor-machine.ts";
import { failed, lineOf, warning, type Finding } from "./doctor-report.ts";
import { checkEmbedded, checkRemote } from "./doctor-store.ts";

type Check = (config: Config) => Finding | Finding[] | Promise<Finding | Finding[]>;

/** Prints a line for each check; the exit code is 1 where one failed, and 0 where there are only warnings. */
export async function doctor(): Promise<void> {
  const config = readConfig(process.env);
  const checks: readonly Check[] = [
    () => checkNode(),
    () => misspelledSettings(process.env).map(warning),
    checkDataDir,
    (values) => checkDisk(values),
    checkPort,
    checkGrpcPort,
    (values) => checkClock(values),
    checkSegments,
    config.clickhouseUrl === undefined ? checkEmbedded : checkRemote,
  ];
  for (const check of checks) {
    for (const finding of await findingsOf(check, config)) {
      process.stdout.write(lineOf(finding));
      if (finding.level === "failed") process.exitCode = 1;
    }
  }
}

async function findingsOf(check: Check, config: Config): Promise<Finding[]> {
  try {
    return [await check(config)].flat();
  } catch (error) {
    return [failed(error instanceof Error ? error.message : String(error))];
  }
}
