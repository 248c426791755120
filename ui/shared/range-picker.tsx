import type { JSX } from "preact";
import { pickRange, range, RANGES, type RangeName } from "../models/time-range.ts";

/** Picks how far back the page looks; kept in the address. */
export function RangePicker(): JSX.Element {
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">Time range</legend>
      {(Object.keys(RANGES) as RangeName[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={range.value === name}
          aria-label={`Last ${name}`}
          onClick={() => pickRange(name)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}
