/** What the log's entries hold, and how they add up. */
import type { RuleState, Transition } from "../engine/types.ts";
import type { AlertMessage } from "../message/message.ts";
import type { KnownRule } from "./evaluate-all.ts";

/** A message to one channel. Deliveries of one incident to one channel keep their order. */
export interface Delivery {
  /** Message id and channel: what is delivered once. */
  readonly id: string;
  readonly channel: string;
  readonly createdMs: number;
  readonly message: AlertMessage;
}

/** A delivery that is over. */
export interface Delivered {
  readonly id: string;
  /** Empty when it was taken; else why it was given up. */
  readonly error: string;
}

/** Changes; in a snapshot, everything there is. */
export interface JournalEntry {
  readonly tickMs: number;
  readonly states: Readonly<Record<string, RuleState | null>>;
  readonly known: Readonly<Record<string, KnownRule | null>>;
  readonly outbox: readonly Delivery[];
  readonly done: readonly Delivered[];
  /** Read by the view that fills `alert_history`. */
  readonly history: readonly Transition[];
}

/** What all entries of the log add up to; changed in place. */
export interface Journal {
  tickMs: number;
  readonly states: Map<string, RuleState>;
  readonly known: Map<string, KnownRule>;
  /** In the order in which they were decided. */
  readonly outbox: Map<string, Delivery>;
}

/** Changes nothing: what an entry in the making begins as. */
export const EMPTY_ENTRY: JournalEntry = { tickMs: 0, states: {}, known: {}, outbox: [], done: [], history: [] };

/** A new journal, before any entry of the log. */
export function emptyJournal(): Journal {
  return { tickMs: 0, states: new Map(), known: new Map(), outbox: new Map() };
}

/** Adds an entry to the journal. */
export function applyEntry(journal: Journal, entry: JournalEntry): void {
  journal.tickMs = Math.max(journal.tickMs, entry.tickMs);
  for (const [id, state] of Object.entries(entry.states)) setOrDelete(journal.states, id, state);
  for (const [id, rule] of Object.entries(entry.known)) setOrDelete(journal.known, id, rule);
  for (const delivery of entry.outbox) journal.outbox.set(delivery.id, delivery);
  for (const { id } of entry.done) journal.outbox.delete(id);
}

/** Two entries, one after the other, as one. */
export function joinEntries(first: JournalEntry, second: JournalEntry): JournalEntry {
  return {
    tickMs: Math.max(first.tickMs, second.tickMs),
    states: { ...first.states, ...second.states },
    known: { ...first.known, ...second.known },
    outbox: [...first.outbox, ...second.outbox],
    done: [...first.done, ...second.done],
    history: [...first.history, ...second.history],
  };
}

/** Everything that the journal holds, as an entry. */
export function snapshotOf(journal: Journal): JournalEntry {
  return {
    tickMs: journal.tickMs,
    states: Object.fromEntries(journal.states),
    known: Object.fromEntries(journal.known),
    outbox: [...journal.outbox.values()],
    done: [],
    history: [],
  };
}

function setOrDelete<T>(map: Map<string, T>, id: string, value: T | null): void {
  if (value === null) map.delete(id);
  else map.set(id, value);
}
