/** The live tail: what its readers cost together, and what they are told. */
import { setImmediate } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span } from "../flow/test-spans.ts";
import { StoreError, type Store } from "../store/store.ts";
import { createApp } from "./app.ts";
import { LIVE_READERS_MAX } from "./live-api.ts";

type Query = Store["query"];

function appWith(query: Query, now?: () => number) {
  const store: Store = {
    query,
    queryBlocks: () => Promise.resolve([]),
    command: () => Promise.resolve(),
    insertNative: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return createApp({ store, ...(now && { now }) });
}

it("asks the store once for all readers of one filter", async () => {
  let asked = 0;
  const app = appWith(async () => {
    asked += 1;
    return new Promise<never>(() => {});
  });
  const paths = ["/api/live?text=a&limit=5", "/api/live?limit=5&text=a", "/api/live?text=a&limit=5", "/api/live?text=b"];
  for (const path of paths) expect((await app.request(path)).status).toBe(200);
  await vi.waitFor(() => expect(asked).toBe(2));
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  expect(asked).toBe(2);
});

it("refuses more readers than it may have, until one has left", async () => {
  const app = appWith(() => Promise.resolve([]));
  const readers: Response[] = [];
  while (readers.length < LIVE_READERS_MAX) readers.push(await app.request("/api/live"));
  const refused = await app.request("/api/live");
  expect([refused.status, refused.headers.has("Retry-After")]).toEqual([503, true]);
  expect(await refused.text()).toContain("live readers");
  await readers[0]?.body?.cancel();
  const next = await app.request("/api/live");
  expect(next.status).toBe(200);
  for (const { body } of [...readers.slice(1), next]) await body?.cancel();
});

it("says why it ends", async () => {
  const app = appWith(() => Promise.reject(new StoreError("secret", { retryable: true })));
  const text = await (await app.request("/api/live")).text();
  expect(text).toContain("event: error");
  expect(text).toContain('{"error":{"code":"unavailable","message":"The store does not answer');
  expect(text).not.toContain("secret");
});

it("says which bound cut it, once", async () => {
  let asked = 0;
  const app = appWith(async (_sql, _params, options) => {
    asked += 1;
    if (asked > 2) throw new StoreError("gone", { retryable: true });
    options?.onCut?.({ limit: "rows", value: 7 });
    return Promise.resolve([]);
  });
  const text = await (await app.request("/api/live")).text();
  expect(text.match(/event: truncated\ndata: {"limit":"rows","value":7}/g)).toHaveLength(1);
});

it("is heard of while nothing happens, so that no proxy cuts it", async () => {
  let asked = 0;
  let nowMs = Date.now();
  const quiet = async () => {
    asked += 1;
    nowMs += asked < 3 ? 14_000 : 1_000;
    if (asked > 3) throw new StoreError("gone", { retryable: true });
    return Promise.resolve([]);
  };
  const response = await appWith(quiet, () => nowMs).request("/api/live");
  expect(response.headers.get("X-Accel-Buffering")).toBe("no");
  const text = await response.text();
  // At once, and when the second search found nothing, 28 s later.
  expect(text.match(/^: here$/gm)).toHaveLength(2);
});

it("says that more flows begin than it sends", async () => {
  const test = await createTestStore();
  const startTime = fromMs(Date.now() - 5_000);
  const roots = ["one", "two"].map((id) => ({ ...span({ trace: id, id, kind: "server" }), startTime }));
  await insertSpans(test.store, roots);
  const { body } = await createApp({ store: test.store }).request("/api/live?limit=1");
  let text = "";
  for await (const piece of body ?? []) {
    text += Buffer.from(piece as Uint8Array).toString();
    if (text.includes("event: truncated")) break;
  }
  expect(text).toContain('event: truncated\ndata: {"limit":"flows","value":1}');
  await test.close();
});
