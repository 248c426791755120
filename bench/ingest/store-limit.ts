/** The store's own limit: how fast it takes the same rows, transcoded beforehand, with all its views. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpanTranscoder } from "../../collector/ingest/transcode-spans.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";
import { Payload, spansPerRequest } from "./payload.ts";

const insertRows = 196_608;
const warmUpInserts = 2;

/** Rows a second, one insert at a time, over `seconds` of inserting. */
export async function storeLimit(seconds: number): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
  const opened = await openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog });
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  const payload = new Payload(7);
  let rows = 0;
  let elapsedS = 0;
  for (let insert = 0; elapsedS < seconds; insert += 1) {
    for (let count = 0; count < insertRows; count += spansPerRequest) {
      payload.refresh();
      transcoder.transcode(payload.body);
    }
    const blocks = transcoder.takeBlocks().map((block) => block.bytes);
    const start = performance.now();
    await opened.store.insertNative("spans", blocks, `limit-${String(insert)}`);
    if (insert < warmUpInserts) continue;
    elapsedS += (performance.now() - start) / 1_000;
    rows += insertRows;
  }
  await opened.close();
  rmSync(dataDir, { recursive: true, force: true });
  return rows / elapsedS;
}
