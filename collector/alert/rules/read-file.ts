/** Reads `hopscope.alerts.yml`: every problem with its line, its field and what to do. */
import { alertFileSchema, type AlertFileInput, type ChannelInput } from "../../../schema/alert-rules.ts";
import { LineCounter, parseDocument, type Document } from "yaml";
import type { CompiledRule, Inhibition, Silence } from "./compiled.ts";
import { compileRule } from "./compile-rule.ts";
import { fillFromEnvironment } from "./environment.ts";
import { compileInhibition, compileSilence } from "./silences.ts";

/** A rules file is written by people; a larger one is a mistake. */
export const FILE_BYTES_MAX = 4 * 1024 * 1024;
/** YAML aliases may multiply: more than this is a bomb, not a file. */
const ALIASES_MAX = 100;

/** Something wrong with a rule, a channel or a silence, and where it stands. */
export interface Problem {
  /** From 1; 0 where it concerns the whole file. */
  readonly line: number;
  /** For example `rules[2].threshold`. */
  readonly field: string;
  readonly message: string;
}

/** Everything that a rules file says, ready for use. */
export interface AlertConfig {
  readonly rules: readonly CompiledRule[];
  /** With secrets in them: never to be logged or returned. */
  readonly channels: ReadonlyMap<string, ChannelInput>;
  readonly silences: readonly Silence[];
  readonly inhibitions: readonly Inhibition[];
  readonly defaults: NonNullable<AlertFileInput["defaults"]>;
}

/** The file's content, or all that is wrong with it: a file is taken whole or not at all. */
export type ReadResult =
  | { readonly ok: true; readonly config: AlertConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What a file without any entry says. */
export const EMPTY_CONFIG: AlertConfig = {
  rules: [],
  channels: new Map(),
  silences: [],
  inhibitions: [],
  defaults: {},
};

/** Reads the text of a rules file; `env` fills in `${NAME}` in channels. */
export function readAlertFile(
  text: string,
  env: Readonly<Record<string, string | undefined>> = {},
  origin: CompiledRule["origin"] = "file",
): ReadResult {
  if (text.length > FILE_BYTES_MAX) {
    return { ok: false, problems: [{ line: 0, field: "", message: `larger than ${FILE_BYTES_MAX} bytes` }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: "error",
  });
  const lineAt = (path: readonly PropertyKey[]): number => lineOf(document, lines, path);
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      line: lines.linePos(error.pos[0]).line,
      field: "",
      message: error.message,
    }));
    return { ok: false, problems };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    return {
      ok: false,
      problems: [{ line: 0, field: "", message: error instanceof Error ? error.message : String(error) }],
    };
  }
  const parsed = alertFileSchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({
      line: lineAt(issue.path),
      field: fieldOf(issue.path),
      message: issue.message,
    }));
    return { ok: false, problems };
  }
  return build(parsed.data, env, lineAt, origin);
}

/** One line for a person: `line 7: rules[0].threshold: must be ...`. */
export function describeProblem({ line, field, message }: Problem): string {
  return [line > 0 ? `line ${line}` : "", field, message].filter((part) => part !== "").join(": ");
}

function build(
  file: AlertFileInput,
  env: Readonly<Record<string, string | undefined>>,
  lineAt: (path: readonly PropertyKey[]) => number,
  origin: CompiledRule["origin"],
): ReadResult {
  const problems: Problem[] = [];
  const fault = (path: readonly PropertyKey[], message: string): void => {
    problems.push({ line: lineAt(path), field: fieldOf(path), message });
  };
  const channels = new Map<string, ChannelInput>();
  for (const [name, given] of Object.entries(file.channels ?? {})) {
    const { value, missing } = fillFromEnvironment(given, env);
    for (const variable of missing) fault(["channels", name], `the environment variable ${variable} is not set`);
    channels.set(name, value);
  }
  const ids = new Set<string>();
  const rules = file.rules.flatMap((rule, index) => {
    if (ids.has(rule.id)) fault(["rules", index, "id"], `"${rule.id}" is the id of an earlier rule; ids are unique`);
    ids.add(rule.id);
    if (rule.enabled === false) return [];
    const compiled = compileRule(rule, file.defaults, origin);
    for (const name of new Set(compiled.flatMap((one) => one.about.notify))) {
      const known = [...channels.keys()].join(", ") || "none";
      if (!channels.has(name))
        fault(["rules", index, "notify"], `there is no channel "${name}" (there are: ${known})`);
    }
    return compiled;
  });
  const silenceIds = new Set<string>();
  const silences = (file.silences ?? []).flatMap((silence, index) => {
    if (silenceIds.has(silence.id)) {
      fault(["silences", index, "id"], `"${silence.id}" is the id of an earlier silence; ids are unique`);
    }
    silenceIds.add(silence.id);
    try {
      return [compileSilence(silence)];
    } catch {
      fault(["silences", index, "weekly", "timeZone"], `"${silence.weekly?.timeZone ?? ""}" is no time zone`);
      return [];
    }
  });
  if (problems.length > 0) return { ok: false, problems };
  const inhibitions = (file.inhibit ?? []).map(compileInhibition);
  return { ok: true, config: { rules, channels, silences, inhibitions, defaults: file.defaults ?? {} } };
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  // A missing member has no place of its own: its parent's is the nearest.
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range =
      typeof node === "object" && node !== null && "range" in node ? (node.range as number[] | null) : null;
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
  }
  return document.contents?.range ? lines.linePos(document.contents.range[0]).line : 0;
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
