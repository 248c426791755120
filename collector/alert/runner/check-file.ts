import type { AlertCheck } from "../../../schema/alert-api.ts";
import type { Store } from "../../store/store.ts";
import { renderMessage } from "../message/render.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { refusalOf } from "../rules/own-query-check.ts";
import { readAlertFile, type ReadResult } from "../rules/read-file.ts";
import { backtest } from "./backtest.ts";

/** Reads a rules file for a check: what channels take from the environment need not be there. */
export function readForCheck(text: string): ReadResult {
  const anything = new Proxy<Record<string, string>>({}, { get: () => "not needed" });
  return readAlertFile(text, anything);
}

/** What a rules file would have told over a range. @throws StoreError, and what `signal` aborts with */
export async function checkFile(
  store: Store,
  text: string,
  options: { fromMs: number; toMs: number; allowQueries: boolean; baseUrl: string; signal?: AbortSignal },
): Promise<AlertCheck> {
  const read = readForCheck(text);
  if (!read.ok) return { problems: [...read.problems], rules: 0, skipped: [], messages: [] };
  const { silences, inhibitions } = read.config;
  const isAllowed = ({ metric }: CompiledRule): boolean =>
    options.allowQueries || metric.query === null || refusalOf(metric.query.sql) === undefined;
  const rules = read.config.rules.filter(isAllowed);
  const skipped = read.config.rules.filter((rule) => !isAllowed(rule)).map((rule) => rule.rule.id);
  const { notifications } = await backtest(store, rules, { ...options, silences, inhibitions });
  const messages = notifications.map(({ rule, notification }) => {
    const { at, title } = renderMessage(rule, notification, { baseUrl: options.baseUrl });
    return { at, ruleId: notification.ruleId, kind: notification.kind, title };
  });
  return { problems: [], rules: rules.length, skipped, messages };
}
