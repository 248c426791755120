import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** A quiet process whose transcoder took a large request, and what it takes of the machine before and after, MiB. */
const QUIET_PROCESS = `
  import { setTimeout as delay } from "node:timers/promises";
  import { SpanTranscoder } from "${new URL("./transcode-spans.ts", import.meta.url).href}";
  const rssMb = () => process.memoryUsage.rss() / 1024 ** 2;
  let transcoder = new SpanTranscoder({ retentionDays: 30 });
  // A request of one unknown field of 60 MiB.
  const large = () => Buffer.concat([Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x1e]), Buffer.alloc(60 * 1024 ** 2, 1)]);
  transcoder.transcode(large());
  // What was garbage already goes by itself.
  await delay(1_500);
  const before = rssMb();
  transcoder = transcoder.renewed();
  for (let tries = 0; tries < 40 && rssMb() > before - 50; tries += 1) await delay(250);
  console.log(JSON.stringify({ before, after: rssMb() }));
`;

it("the memory of a large request goes back to the machine, though a quiet process never collects", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", QUIET_PROCESS]);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  expect(after).toBeLessThan(before - 50);
}, 60_000);
