import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { collectorNodeOptions } from "./collector-node.mjs";

it("the image gives Node the options that npm start gives it", () => {
  const dockerfile = readFileSync(new URL("../Dockerfile", import.meta.url), "utf8");
  const [, command = ""] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  expect(JSON.parse(command)).toEqual(["node", ...collectorNodeOptions, "collector/cli/main.ts", "start"]);
});
