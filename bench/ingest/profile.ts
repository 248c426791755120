/** Where the time of a process went, out of the profile that `node --cpu-prof` leaves. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The `count` functions that took the most time themselves, as lines; idle time is left out. */
export function topFunctions(dir: string, count: number): string[] {
  const file = readdirSync(dir).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) return ["no profile was written"];
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(dir, file), "utf8")) as CpuProfile;
  const nameOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || "(anonymous)"} ${url === "" ? "" : `${basename(url)}:${String(lineNumber + 1)}`}`,
    ]),
  );
  const spent = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const name = nameOf.get(id) ?? "";
    if (name.startsWith("(idle)")) return;
    const us = timeDeltas[index] ?? 0;
    total += us;
    spent.set(name, (spent.get(name) ?? 0) + us);
  });
  return [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, us]) => `${((100 * us) / total).toFixed(1).padStart(5)} %  ${name}`);
}
