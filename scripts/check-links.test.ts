import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { brokenLinks } from "./check-links.mjs";

it("names each link that leads to no file or no heading, and no other", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-links-"));
  try {
    writeFileSync(join(folder, "b.md"), "# Two words, please\n");
    writeFileSync(
      join(folder, "a.md"),
      "[ok](b.md) [ok](b.md#two-words-please) [ok](https://example.com/gone) `[code](gone.md)`\n" +
        "[gone](gone.md) ![gone](images/gone.png) [no heading](b.md#three)\n",
    );
    expect(brokenLinks(folder)).toEqual(["a.md: gone.md", "a.md: images/gone.png", "a.md: b.md#three"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
