/** How much of its time this machine was not given: a p99 says little where its host gave a fifth to others. */
import { existsSync, readFileSync } from "node:fs";

const statFile = "/proc/stat";
/** user, nice, system, idle, iowait, irq, softirq, steal: what comes after them is in the first two already. */
const stolenAt = 7;

/** Begins to watch; the answer is the stolen share of the processors' time since then. NaN where Linux does not say. */
export function watchStolenTime(): () => number {
  const before = times();
  return () => {
    const spent = times().map((ticks, index) => ticks - (before[index] ?? NaN));
    return (spent[stolenAt] ?? NaN) / spent.reduce((sum, ticks) => sum + ticks, 0);
  };
}

function times(): number[] {
  if (!existsSync(statFile)) return [];
  const [all = ""] = readFileSync(statFile, "utf8").split("\n");
  return all.trim().split(/\s+/).slice(1, stolenAt + 2).map(Number);
}
