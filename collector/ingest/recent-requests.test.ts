import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { RecentRequests } from "./recent-requests.ts";
import { diskFiles } from "./wal-files.ts";

const dayMs = 86_400_000;

it("keeps requests in files that end, though the clock was set back by a day", async () => {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-requests-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  let nowMs = 1_750_000_000_000;
  const recent = await RecentRequests.open(dir, diskFiles, () => nowMs);
  onTestFinished(() => recent.close());
  await recent.keep(["a".repeat(32)]);
  nowMs -= dayMs;
  await recent.keep(["b".repeat(32)]);
  expect(readdirSync(dir)).toHaveLength(2);
});
