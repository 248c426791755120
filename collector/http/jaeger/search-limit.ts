/** How many traces a search gives, as Jaeger's clients ask for them. */
import { atMost } from "../../store/queries/reading.ts";
import type { CutNote } from "../cut-note.ts";
import { JaegerError } from "./parameters.ts";

/** What Jaeger gives where nobody says how many. */
const TRACES_DEFAULT = 100;
/** Traces of one answer, whatever is asked for: Jaeger's clients offer 1,500 at most. */
export const TRACES_MAX = 1_500;

/**
 * A whole number from 1 up.
 *
 * @throws JaegerError 400
 */
export function searchLimit(name: string, text: string | undefined): number {
  if (text === undefined || text === "") return TRACES_DEFAULT;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new JaegerError(400, `${name}: must be a whole number from 1 up`);
  return value;
}

/** As many as were asked for; of more than {@link TRACES_MAX} it is said where there were more. */
export async function tracesUpTo(
  asked: number,
  cut: CutNote,
  read: (limit: number) => Promise<string[]>,
): Promise<readonly string[]> {
  if (asked <= TRACES_MAX) return read(asked);
  return atMost(await read(TRACES_MAX + 1), { limit: TRACES_MAX, name: "traces", onCut: cut.onCut });
}
