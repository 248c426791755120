/** What happens to good bytes on their way: some are overwritten, cut out, doubled, or never come. */
import * as fc from "fast-check";

export interface Mutation {
  readonly at: number;
  readonly do: "set" | "cut" | "double" | "end";
  readonly byte: number;
  readonly size: number;
}

/** One to six changes of a message of any length. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    at: fc.nat(),
    do: fc.constantFrom("set" as const, "cut" as const, "double" as const, "end" as const),
    byte: fc.nat(255),
    size: fc.nat(40),
  }),
  { minLength: 1, maxLength: 6 },
);

/** A copy with the changes made, one after another. */
export function mutated(body: Buffer, changes: readonly Mutation[]): Buffer {
  let bytes = Buffer.from(body);
  for (const change of changes) {
    const at = bytes.length === 0 ? 0 : change.at % bytes.length;
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    if (change.do === "set" && bytes.length > 0) bytes[at] = change.byte;
    else if (change.do === "cut") bytes = Buffer.concat([before, after.subarray(change.size)]);
    else if (change.do === "double") bytes = Buffer.concat([before, bytes.subarray(Math.max(0, at - change.size))]);
    else if (change.do === "end") bytes = before;
  }
  return bytes;
}
