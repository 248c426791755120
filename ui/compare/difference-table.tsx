import type { JSX } from "preact";
import { formatCount, formatRate, plural } from "../shared/format.ts";
import type { Difference, RankedDifferences } from "./over-represented.ts";
import { SidesTable } from "./sides-table.tsx";
import { flowsWith, type Stretch } from "./value-link.ts";

/** Values listed; of more, those whose shares differ less say little. */
const VALUES_SHOWN_MAX = 60;

interface DifferencesProps extends RankedDifferences {
  /** How the two sides are called. */
  sides: [string, string];
  /** Where the flows that a value leads to are looked for. */
  stretch: Stretch;
}

/** Which values one side has more often: each leads to the flows that have it. */
export function Differences({ told, slight, passing, sides, stretch }: DifferencesProps): JSX.Element {
  return (
    <section class="panel differences" aria-labelledby="differences-title">
      <h2 id="differences-title">What their spans say</h2>
      {told.length === 0 && <p class="none">No value that tells the two apart: their spans say the same.</p>}
      {told.length > 0 && <ValueTable values={told.slice(0, VALUES_SHOWN_MAX)} sides={sides} stretch={stretch} />}
      <Folded words="whose shares differ too little to say more" values={slight} sides={sides} stretch={stretch} />
      <Folded words="that differ between any two: ids, instants, sizes" values={passing} sides={sides} stretch={stretch} />
    </section>
  );
}

function Folded({ words, values, ...shown }: ValueTableProps & { words: string }): JSX.Element | null {
  if (values.length === 0) return null;
  return (
    <details>
      <summary>
        {plural(values.length, "value")} {words}
      </summary>
      <ValueTable values={values.slice(0, VALUES_SHOWN_MAX)} {...shown} />
    </details>
  );
}

type ValueTableProps = Pick<DifferencesProps, "sides" | "stretch"> & { values: Difference[] };

function ValueTable({ values, sides, stretch }: ValueTableProps): JSX.Element {
  return (
    <SidesTable label="Values" what="Attribute and value" sides={sides}>
      {values.map((one) => (
        <tr key={`${one.key}=${one.value}`}>
          <th scope="row">
            <code>{one.key}</code>{" "}
            <a href={flowsWith(one.key, one.value, stretch)} title="Flows that have it">
              {one.value}
            </a>
          </th>
          <Share count={one.count} share={one.share} />
          <Share count={one.otherCount} share={one.otherShare} />
          <td class="end number">
            {one.share > one.otherShare ? "+" : "−"}
            {formatRate(Math.abs(one.share - one.otherShare))}
          </td>
        </tr>
      ))}
    </SidesTable>
  );
}

function Share({ count, share }: { count: number; share: number }): JSX.Element {
  return (
    <td class="end number share">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {formatCount(count)} <small>{formatRate(share)}</small>
    </td>
  );
}
