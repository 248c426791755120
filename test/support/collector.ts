/** A collector in the test's own process, on a free port, with a database of its own on the run's ClickHouse. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../collector/http/app.ts";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp } from "../../collector/http/serve.ts";
import { openReceiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import type { Store } from "../../collector/store/store.ts";
import { createTestStore } from "./test-store.ts";

/** Nothing in a test is older. */
const retentionDays = 30;
/** Acknowledged spans reach the store this soon, so that tests do not wait for a fuller segment. */
const segmentAgeMaxMs = 50;

export interface TestCollector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT, and of the API: `http://127.0.0.1:port`. */
  readonly url: string;
  readonly store: Store;
  /** GETs a path of the API. @throws where the answer is not 200, with its text */
  get<T>(path: string): Promise<T>;
  close(): Promise<void>;
}

/** Starts a collector; close it when the tests of a file are done. */
export async function startTestCollector(): Promise<TestCollector> {
  const { store, close: closeStore } = await createTestStore({ retentionDays });
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-collector-"));
  const receiver = await openReceiver({ store, dataDir, retentionDays, log: silentLog, limits: { segmentAgeMaxMs } });
  const serving = await serveApp(createApp({ store }), { host: "127.0.0.1", port: 0 }, otlpHandler(receiver));
  const url = `http://127.0.0.1:${String(serving.port)}`;
  return {
    url,
    store,
    async get<T>(path: string) {
      const response = await fetch(url + path);
      const text = await response.text();
      if (!response.ok) throw new Error(`GET ${path} answered ${String(response.status)}: ${text}`);
      return JSON.parse(text) as T;
    },
    async close() {
      await serving.close();
      await receiver.close();
      await closeStore();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
