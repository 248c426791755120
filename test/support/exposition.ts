/** Reads the Prometheus text format as strictly as its description is, for tests. */
import { expect } from "vitest";

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/;

/** Values by name and labels as written; fails where a line, the order of lines or a name is not as it should be. */
export function readExposition(text: string): Map<string, number> {
  expect(text.endsWith("\n")).toBe(true);
  const values = new Map<string, number>();
  const types = new Map<string, string>();
  let family = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      expect(types.has(name), `${name} is in one piece`).toBe(false);
      family = name;
    } else if (kind === "TYPE") {
      expect(name, `a HELP stands before ${line}`).toBe(family);
      types.set(name, rest);
      expect(name.endsWith("_total"), line).toBe(rest === "counter");
    } else {
      const [, sample = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
      const own = types.get(family) === "summary" ? sample.replace(/_(sum|count)$/, "") : sample;
      expect(own, `the family of ${line}`).toBe(family);
      expect(value, line).toMatch(/^(NaN|[+-]Inf|-?\d+(\.\d+)?(e[+-]?\d+)?)$/);
      expect(values.has(sample + labels), `${line} is there once`).toBe(false);
      values.set(labels === "" ? sample : `${sample}{${labels}}`, Number(value));
    }
  }
  return values;
}
