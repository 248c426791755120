import type { ComponentChildren, JSX } from "preact";

interface SidesTableProps {
  /** Names the table's scrolling region. */
  label: string;
  /** Head of the first column. */
  what: string;
  sides: [string, string];
  /** Its rows. */
  children: ComponentChildren;
}

/** A table of two sides and their difference, which scrolls where it is wider than the page. */
export function SidesTable({ label, what, sides, children }: SidesTableProps): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{what}</th>
            {sides.map((side) => (
              <th key={side} scope="col" class="end">
                {side}
              </th>
            ))}
            <th scope="col" class="end">
              Difference
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
