/** Remembers what was invoked in the day before an evaluation, so that the next reads only what became known since. */
import { queryHeard } from "../../store/queries/alert-known.ts";
import type { RollupQuery } from "../../store/queries/alert-rollup.ts";
import { emptyRow, type WindowRow } from "../../store/queries/alert-windows.ts";
import type { Store } from "../../store/store.ts";

/** How far back a rule about silence looks for something that used to speak, seconds. */
const KNOWN_FOR_S = 24 * 3600;
/** What became known so lately is read once more: a slow insert shows after the evaluation that it says, seconds. */
const READ_AGAIN_S = 15 * 60;

/** By evaluation: a row of each that spoke in the day before, empty but for 1 in the second range. */
export type KnownRows = ReadonlyMap<number, readonly WindowRow[]>;

/** When something was invoked last. */
interface Heard {
  readonly service: string | undefined;
  readonly function: string | undefined;
  minuteS: number;
}

interface Asked {
  readonly ticks: string;
  readonly lastS: number;
  readonly heard: Map<string, Heard>;
  readonly rows: Promise<KnownRows>;
}

/** What spoke in the day before an evaluation; asks the store for all of the day once, and then for what is new. */
export class Known {
  readonly #store: Store;
  /** The last answer to each question. */
  readonly #asked = new Map<string, Asked>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** What had an invocation in the day before each evaluation (ascending), as it saw it. @throws StoreError */
  at({ source, level, scope, attributes }: RollupQuery, ticksS: readonly number[]): Promise<KnownRows> {
    const question = { source, level, scope, attributes };
    const key = JSON.stringify(question);
    const ticks = ticksS.join();
    const before = this.#asked.get(key);
    if (before?.ticks === ticks) return before.rows;
    const isLater = before !== undefined && before.lastS < (ticksS[0] ?? 0);
    const heard = isLater ? before.heard : new Map<string, Heard>();
    const sinceS = isLater ? before.lastS - READ_AGAIN_S : 0;
    const rows = this.#read(question, ticksS, { heard, sinceS });
    this.#asked.set(key, { ticks, lastS: ticksS.at(-1) ?? 0, heard, rows });
    rows.catch(() => this.#asked.delete(key));
    return rows;
  }

  async #read(
    question: RollupQuery,
    ticksS: readonly number[],
    { heard, sinceS }: { heard: Map<string, Heard>; sinceS: number },
  ): Promise<KnownRows> {
    const rows = new Map<number, WindowRow[]>();
    const firstS = ticksS[0];
    const lastS = ticksS.at(-1);
    if (firstS === undefined || lastS === undefined) return rows;
    const range = { fromS: firstS - KNOWN_FOR_S, sinceS, firstS, lastS };
    const news = (await queryHeard(this.#store, question, range)).sort((a, b) => b.tick - a.tick);
    for (const tickS of ticksS) {
      for (let row = news.at(-1); row !== undefined && row.tick <= tickS; row = news.at(-1)) {
        hear(heard, row);
        news.pop();
      }
      rows.set(tickS, rowsAt(heard, tickS));
    }
    return rows;
  }
}

/** The rows, and those of what is known and has none. */
export function withKnown(rows: readonly WindowRow[], known: readonly WindowRow[]): readonly WindowRow[] {
  if (known.length === 0) return rows;
  const present = new Set(rows.map(keyOf));
  return [...rows, ...known.filter((row) => !present.has(keyOf(row)))];
}

function hear(heard: Map<string, Heard>, row: Pick<WindowRow, "service" | "function"> & { minuteS: number }): void {
  const known = heard.get(keyOf(row));
  if (known !== undefined) known.minuteS = Math.max(known.minuteS, row.minuteS);
  else heard.set(keyOf(row), { service: row.service, function: row.function, minuteS: row.minuteS });
}

function rowsAt(heard: Map<string, Heard>, tickS: number): WindowRow[] {
  const rows: WindowRow[] = [];
  for (const [key, { service, function: name, minuteS }] of heard) {
    if (minuteS < tickS - KNOWN_FOR_S) heard.delete(key);
    else {
      const row = emptyRow(tickS);
      if (service !== undefined) row.service = service;
      if (name !== undefined) row.function = name;
      row.volumeSecond = 1;
      rows.push(row);
    }
  }
  return rows;
}

/** One string for what a row is of, never the same for two. */
function keyOf({ service, function: name }: { service?: string | undefined; function?: string | undefined }): string {
  return `${service?.length ?? -1} ${service ?? ""}${name ?? ""}`;
}
