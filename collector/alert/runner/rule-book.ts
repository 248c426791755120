/** The rules in force: those of the file, those made through the API, and the ready-made ones where there are none. */
import { readFileSync } from "node:fs";
import {
  ruleSchema,
  silenceSchema,
  type ChannelInput,
  type RuleInput,
  type SilenceInput,
} from "../../../schema/alert-rules.ts";
import { putSetting, querySettings } from "../../store/queries/alert-history.ts";
import type { Store } from "../../store/store.ts";
import type { CompiledRule, Inhibition, Silence } from "../rules/compiled.ts";
import { compileRule } from "../rules/compile-rule.ts";
import { readAlertFile, type AlertConfig, type Problem } from "../rules/read-file.ts";
import { compileSilence } from "../rules/silences.ts";
import { watchAlertFile, type FileWatcher } from "../rules/watch-file.ts";

/** How old what was read of the API's rules may be, milliseconds: another collector may have taken them. */
const SETTINGS_AGE_MAX_MS = 5_000;

/** All that is in force, wherever it was written; writes go to the store, the file is only read. */
export interface RuleBook {
  rules(): readonly CompiledRule[];
  channels(): ReadonlyMap<string, ChannelInput>;
  silences(): readonly Silence[];
  inhibitions(): readonly Inhibition[];
  /** What is wrong with the file, and with stored rules that no longer fit. */
  problems(): readonly Problem[];
  /** Whether a silence stands in the file, so that it is to be changed there. */
  isFromFile(silenceId: string): boolean;
  /** Where the rules come from, for a reader. */
  filePath(): string;
  /** Reads what may have changed elsewhere; keeps what it has where the store cannot be reached. */
  refresh(): Promise<void>;
  /** @throws StoreError */
  putRule(rule: RuleInput): Promise<void>;
  putSilence(silence: SilenceInput): Promise<void>;
  /** @returns whether there was such a rule, made through the API */
  deleteRule(id: string): Promise<boolean>;
  deleteSilence(id: string): Promise<boolean>;
  close(): void;
}

/** The places that rules come from. */
export interface RuleBookOptions {
  readonly store: Store;
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The ready-made rules, in the file's form: in force while the file has none. */
  readonly pack?: string | undefined;
  readonly onProblems: (problems: readonly Problem[]) => void;
  readonly monotonicMs?: () => number;
}

/** The text of the ready-made rules. */
export function readPack(name: "serverless" | "demo"): string {
  return readFileSync(new URL(`../pack/${name}.yml`, import.meta.url), "utf8");
}

/**
 * Reads the file and follows it until the book is closed; what the API made is there from the first refresh on.
 *
 * @throws Error where the pack is wrong
 */
export async function openRuleBook(options: RuleBookOptions): Promise<RuleBook> {
  const { store, path, env, onProblems, monotonicMs = () => performance.now() } = options;
  const watcher: FileWatcher = await watchAlertFile(path, env, (file) => onProblems(file.problems));
  const pack = options.pack === undefined ? undefined : packConfig(options.pack, env);
  let apiRules: readonly CompiledRule[] = [];
  let apiSilences: readonly Silence[] = [];
  let apiProblems: readonly Problem[] = [];
  let readMs = Number.NEGATIVE_INFINITY;

  async function readSettings(): Promise<void> {
    const [rules, silences] = [await querySettings(store, "rule"), await querySettings(store, "silence")];
    const problems: Problem[] = [];
    const { defaults } = watcher.current().config;
    apiRules = [...rules].flatMap(([id, body]) => {
      const parsed = ruleSchema.safeParse(JSON.parse(body));
      if (parsed.success) return parsed.data.enabled === false ? [] : compileRule(parsed.data, defaults, "api");
      problems.push({ line: 0, field: `rule ${id}`, message: parsed.error.issues[0]?.message ?? "is not valid" });
      return [];
    });
    apiSilences = [...silences].flatMap(([, body]) => {
      const parsed = silenceSchema.safeParse(JSON.parse(body));
      return parsed.success ? [compileSilence(parsed.data)] : [];
    });
    apiProblems = problems;
    readMs = monotonicMs();
  }
  const config = (): AlertConfig => watcher.current().config;
  const put = async (kind: "rule" | "silence", id: string, body: string | null): Promise<void> => {
    await putSetting(store, kind, id, body);
    await readSettings();
  };

  return {
    rules() {
      const own = config().rules;
      const fromFile = own.length === 0 ? (pack?.rules ?? []) : own;
      const taken = new Set(fromFile.map((one) => one.rule.id));
      return [...fromFile, ...apiRules.filter((one) => !taken.has(one.rule.id))];
    },
    channels: () => config().channels,
    silences: () => [...config().silences, ...apiSilences],
    inhibitions: () => [...(pack?.inhibitions ?? []), ...config().inhibitions],
    problems: () => [...watcher.current().problems, ...apiProblems],
    isFromFile: (id) => config().silences.some((silence) => silence.id === id),
    filePath: () => path,
    async refresh() {
      await watcher.refresh();
      if (monotonicMs() - readMs < SETTINGS_AGE_MAX_MS) return;
      await readSettings().catch(() => undefined);
    },
    putRule: (rule) => put("rule", rule.id, JSON.stringify(rule)),
    putSilence: (silence) => put("silence", silence.id, JSON.stringify(silence)),
    async deleteRule(id) {
      if (!(await querySettings(store, "rule")).has(id)) return false;
      await put("rule", id, null);
      return true;
    },
    async deleteSilence(id) {
      if (!(await querySettings(store, "silence")).has(id)) return false;
      await put("silence", id, null);
      return true;
    },
    close: () => watcher.close(),
  };
}

function packConfig(text: string, env: Readonly<Record<string, string | undefined>>): AlertConfig {
  const read = readAlertFile(text, env, "pack");
  if (!read.ok) throw new Error(`the ready-made rules are wrong: ${read.problems[0]?.message ?? ""}`);
  return read.config;
}
