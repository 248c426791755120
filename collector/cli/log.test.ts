import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const file = new URL("log.ts", import.meta.url).href;

/** What a process prints that writes one line of each kind at `level`; its standard output is no terminal. */
function printed(level: string, format?: string): string {
  const script = `
    import { collectorLog } from ${JSON.stringify(file)};
    const log = collectorLog(${JSON.stringify(level)}, ${JSON.stringify(format)});
    log.info({ spans: 3 }, "loaded");
    log.error({ error: new Error("disk full") }, "not loaded");
    log.announce("ready");
    log.mute();
    log.error({}, "late");
  `;
  const args = ["--input-type=module", "--eval", script];
  return execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

const objects = (text: string): object[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);

describe("the collector's log", () => {
  it("is an object a line where no terminal is, with level, time, message, facts and the stack of errors", () => {
    expect(objects(printed("info"))).toEqual([
      expect.objectContaining({ level: "info", msg: "loaded", spans: 3, time: expect.stringMatching(/T.*Z$/) as string }),
      expect.objectContaining({
        level: "error",
        msg: "not loaded",
        error: expect.objectContaining({ message: "disk full", stack: expect.stringContaining("disk full") as string }) as object,
      }),
      expect.objectContaining({ level: "info", msg: "ready" }),
    ]);
  });

  it("leaves out what is below its level, but not what its caller waits for", () => {
    expect(objects(printed("error"))).toMatchObject([{ msg: "not loaded" }, { msg: "ready" }]);
  });

  it("is a line for people where it is asked for", () => {
    expect(printed("info", "text")).toMatch(/^\S+Z info loaded spans=3\nready\n$/);
  });
});
