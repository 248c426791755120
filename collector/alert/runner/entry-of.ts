import type { RuleState } from "../engine/types.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import type { Outcome } from "./evaluate-all.ts";
import type { Delivery, Journal, JournalEntry } from "./journal.ts";

/** What an evaluation changed, to be written: states, the rules they are of, messages to send, and history. */
export function entryOf(
  outcome: Outcome,
  rules: readonly CompiledRule[],
  outbox: readonly Delivery[],
  { journal, atMs }: { journal: Journal; atMs: number },
): JournalEntry {
  const states: Record<string, RuleState | null> = {};
  for (const [id, state] of outcome.states) {
    if (state === null || isWorthSaving(journal.states.get(id), state)) states[id] = state;
  }
  const known: Record<string, Pick<CompiledRule, "rule" | "about" | "sourceId"> | null> = {};
  for (const { rule, about, sourceId } of rules) {
    const before = journal.known.get(rule.id);
    if (before === undefined || JSON.stringify(before) !== JSON.stringify({ rule, about, sourceId }))
      known[rule.id] = { rule, about, sourceId };
  }
  for (const [id, state] of outcome.states) if (state === null) known[id] = null;
  return { tickMs: atMs, states, known, outbox, done: [], history: outcome.transitions };
}

/** What a restart must know; what the last evaluation saw is not among it. */
function isWorthSaving(before: RuleState | undefined, after: RuleState): boolean {
  if (before === undefined) return true;
  return (
    before.series !== after.series ||
    before.groups !== after.groups ||
    before.health !== after.health ||
    before.noteMs !== after.noteMs ||
    before.identity !== after.identity ||
    before.version !== after.version
  );
}
