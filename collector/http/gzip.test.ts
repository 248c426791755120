/** Answers in fewer bytes for readers on a network. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { constants, gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, traceIdOf } from "../flow/test-spans.ts";
import { createApp } from "./app.ts";
import { gzip, GZIP_LEAST_BYTES } from "./gzip.ts";
import { serveApp, type Serving } from "./serve.ts";

/** More than one piece of the answer holds. */
const SPANS = 4_500;

let test: TestStore;
let serving: Serving;

beforeAll(async () => {
  test = await createTestStore();
  const startTime = fromMs(Date.now() - 60_000);
  const spans = Array.from({ length: SPANS }, (_, n) =>
    span({ trace: "big", id: `s${String(n)}`, ...(n > 0 && { parent: "s0" }), name: "step", kind: "server" }),
  );
  await insertSpans(test.store, spans.map((each) => ({ ...each, startTime })));
  serving = await serveApp(createApp({ store: test.store }), { host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await serving.close();
  await test.close();
});

/** As a proxy asks for a reader who takes what browsers take. */
const THROUGH_PROXY = { "x-forwarded-for": "203.0.113.7", "accept-encoding": "gzip, deflate, br" };

async function ask(path: string, headers: Record<string, string> = {}, { method = "GET", to = serving } = {}) {
  const asked = request({ host: "127.0.0.1", port: to.port, path, method, headers });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return answer;
}

const bigFlow = `/api/flows/${traceIdOf("big")}`;

it.for([bigFlow, `${bigFlow}/outline`, `/api/traces/${traceIdOf("big")}`, "/api/openapi.json"])(
  "%s is the same text, compressed",
  async (path) => {
    const [plain, compressed] = await Promise.all([ask(path), ask(path, THROUGH_PROXY)]);
    expect([plain, compressed].map(({ headers }) => headers["content-encoding"])).toEqual([undefined, "gzip"]);
    expect([plain, compressed].map(({ headers }) => headers.vary)).toEqual(["Accept-Encoding", "Accept-Encoding"]);
    const [text, bytes] = await Promise.all([buffer(plain), buffer(compressed)]);
    expect(bytes.length).toBeLessThan(text.length / 2);
    expect(gunzipSync(bytes).equals(text)).toBe(true);
  },
);

describe("is left as it is", () => {
  it.for([
    ["for a reader on this machine", { "accept-encoding": "gzip" }],
    ["for a reader who says nothing of encodings", { "x-forwarded-for": "203.0.113.7" }],
    ["for a reader who does not take gzip", { ...THROUGH_PROXY, "accept-encoding": "br, gzip;q=0.0, *" }],
  ] as const)("%s", async ([, headers]) => {
    const answer = await ask("/api/openapi.json", { ...headers });
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect(JSON.parse((await buffer(answer)).toString())).toHaveProperty("openapi");
  });

  it("where it fits into one packet", async () => {
    const answer = await ask("/api/flows/xyz", THROUGH_PROXY);
    const text = (await buffer(answer)).toString();
    expect(text.length).toBeLessThan(GZIP_LEAST_BYTES);
    expect([answer.statusCode, answer.headers["content-encoding"]]).toEqual([400, undefined]);
    expect(JSON.parse(text)).toMatchObject({ error: { field: "traceId" } });
  });

  it("where only its headers are asked for", async () => {
    const answer = await ask("/api/openapi.json", THROUGH_PROXY, { method: "HEAD" });
    expect([answer.statusCode, answer.headers["content-encoding"]]).toEqual([200, undefined]);
    expect(await buffer(answer)).toHaveLength(0);
  });

  it("where it is a tail of events, which come one by one", async () => {
    const answer = await ask("/api/live", THROUGH_PROXY);
    expect([answer.headers["content-type"], answer.headers["content-encoding"]]).toEqual(["text/event-stream", undefined]);
    const [first] = (await once(answer, "data")) as [Buffer];
    expect(first.toString()).toBe(": here\n\n");
    answer.destroy();
  });
});

it("is sent piece by piece, and no further once its reader has gone", async () => {
  const onCancel = vi.fn();
  const piece = Buffer.from(JSON.stringify(Array.from({ length: 1_000 }, (_, n) => n)));
  // The next piece never comes: what there is must not wait for it.
  const pieces = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(piece), cancel: onCancel });
  const headers = { "content-type": "application/json" };
  const app = new Hono().use(gzip).get("/", () => new Response(pieces, { headers }));
  const slow = await serveApp(app, { host: "127.0.0.1", port: 0 });
  const answer = await ask("/", THROUGH_PROXY, { to: slow });
  const got: Buffer[] = [];
  for await (const bytes of answer) {
    got.push(bytes as Buffer);
    if (gunzipSync(Buffer.concat(got), { finishFlush: constants.Z_SYNC_FLUSH }).equals(piece)) break;
  }
  answer.destroy();
  await vi.waitFor(() => expect(onCancel).toHaveBeenCalledOnce());
  await slow.close();
});
