/** The alerts of a collector: rules, evaluation, routes and metrics, put together. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { Alerting } from "../alert/runner/alerting.ts";
import { openRuleBook, readPack } from "../alert/runner/rule-book.ts";
import { describeProblem } from "../alert/rules/read-file.ts";
import { alertRoutes } from "../http/alert-routes.ts";
import { alertMetrics } from "../http/alert-status.ts";
import type { Log } from "../store/log.ts";
import type { Store } from "../store/store.ts";
import type { Config } from "./config.ts";

/** What the app and the collector's end need of the alerts. */
export interface Alerts {
  readonly routes: OpenAPIHono;
  /** Lines for `/metrics`. */
  readonly metrics: () => string;
  close(): Promise<void>;
}

/** What alerts are started with; `pack` names the rules that hold where the file has none. */
export interface StartAlertsOptions {
  readonly store: Store;
  readonly config: Config;
  readonly log: Log;
  /** Where the UI is, where no setting says so. */
  readonly url: string;
  readonly pack: "serverless" | "demo";
}

/** Begins to evaluate; a rules file that is not valid is logged, and the collector runs without its rules. */
export async function startAlerts({ store, config, log, url, pack }: StartAlertsOptions): Promise<Alerts> {
  const path = config.alertFile;
  const book = await openRuleBook({
    store,
    path,
    env: process.env,
    pack: readPack(pack),
    onProblems: (problems) => {
      for (const problem of problems)
        log.error({ file: path, problem: describeProblem(problem) }, "alert rules not valid");
    },
  });
  const alerting = new Alerting({
    store,
    log,
    book,
    baseUrl: (config.publicUrl ?? url).replace(/\/+$/, ""),
    allowPrivate: config.alertAllowPrivate,
    // The embedded store's directory is locked by this process: there is no other collector.
    isExclusive: config.clickhouseUrl === undefined,
  });
  alerting.start();
  return {
    routes: alertRoutes({ store, now: Date.now, alerting, book }),
    metrics: () => alertMetrics(alerting, book),
    async close() {
      book.close();
      await alerting.close();
    },
  };
}
