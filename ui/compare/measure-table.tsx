import type { JSX } from "preact";
import { formatCount, formatDuration, formatRate } from "../shared/format.ts";
import { SidesTable } from "./sides-table.tsx";

/** How a number is read. */
export type Unit = "count" | "ms" | "rate";

/** A number of both sides; absent where a side does not have it. */
export interface Measure {
  name: string;
  /** More about the name: `function on checkout`. */
  note?: string;
  href?: string;
  unit: Unit;
  one: number | undefined;
  other: number | undefined;
}

interface MeasureTableProps {
  title: string;
  id: string;
  measures: Measure[];
  sides: [string, string];
}

/** Numbers side by side with how much they differ; a row in which they do not is muted. */
export function MeasureTable({ title, id, measures, sides }: MeasureTableProps): JSX.Element | null {
  if (measures.length === 0) return null;
  return (
    <section class="panel measures" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <SidesTable label={title} what="What" sides={sides}>
        {measures.map((measure, at) => (
          <tr key={at} data-same={measure.one === measure.other}>
            <th scope="row">
              {measure.href === undefined ? measure.name : <a href={measure.href}>{measure.name}</a>}
              {measure.note !== undefined && <small> {measure.note}</small>}
            </th>
            <td class="end number">{shown(measure.unit, measure.one)}</td>
            <td class="end number">{shown(measure.unit, measure.other)}</td>
            <td class="end number">{differenceWords(measure)}</td>
          </tr>
        ))}
      </SidesTable>
    </section>
  );
}

function shown(unit: Unit, value: number | undefined): string {
  if (value === undefined) return "not there";
  return { count: formatCount, ms: formatDuration, rate: formatRate }[unit](value);
}

/** Returns how much more the first side has: `+412 ms, 3.1×`. */
function differenceWords({ unit, one, other }: Pick<Measure, "unit" | "one" | "other">): string {
  if (one === undefined || other === undefined) return one === undefined ? "only there" : "only here";
  if (one === other) return "the same";
  const sign = one > other ? "+" : "−";
  const words = `${sign}${shown(unit, Math.abs(one - other))}`;
  const times = other > 0 && one > other ? one / other : 0;
  return times >= TIMES_SAID_MIN ? `${words}, ${times >= 10 ? Math.round(times) : times.toFixed(1)}×` : words;
}

/** A ratio below it is no news beside the difference. */
const TIMES_SAID_MIN = 1.5;
