/** Readers that take their answers slowly, or not at all, hold no more than a bound of memory. */
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { span, traceIdOf } from "../flow/test-spans.ts";
import { buildFlow, type BuiltFlow } from "../flow/build-flow.ts";
import { BIG_ANSWERS_MAX, FlowStreams, SPANS_AT_ONCE_MAX } from "./flow-stream.ts";
import { serveApp } from "./serve.ts";

const count = 2 * SPANS_AT_ONCE_MAX + 1;
const spans = Array.from({ length: count }, (_, n) => span({ trace: "t", id: `s${String(n)}`, ...(n > 0 && { parent: "s0" }) }));
const built = buildFlow(spans, { traceId: traceIdOf("t") }) as BuiltFlow;

describe("big flows", () => {
  it("are read whole, and make room for others once they are", async () => {
    const streams = new FlowStreams(Date.now);
    for (let n = 0; n < 2 * BIG_ANSWERS_MAX; n += 1) {
      const answer = (await new Response(streams.open(built)).json()) as { spans: unknown[] };
      expect(answer.spans).toHaveLength(count);
    }
  });

  it("are refused while too many are being read, until one of the readers leaves", async () => {
    const streams = new FlowStreams(Date.now);
    const open = Array.from({ length: BIG_ANSWERS_MAX }, () => streams.open(built));
    expect(() => streams.open(built)).toThrow("being read already");
    await open[0]?.cancel();
    await expect(new Response(streams.open(built)).text()).resolves.toContain("]}");
  });

  it("end for a reader that takes too long, who makes room by that", async () => {
    let nowMs = 0;
    const streams = new FlowStreams(() => nowMs);
    const readers = Array.from({ length: BIG_ANSWERS_MAX }, () => streams.open(built).getReader());
    for (const reader of readers) await reader.read();
    nowMs = 3_600_000;
    for (const reader of readers) await expect(reader.read().then(() => reader.read())).rejects.toThrow("not taken within");
    expect(() => streams.open(built)).not.toThrow();
  });
});

it("a reader that takes nothing of its answer is hung up on", async () => {
  let isCancelled = false;
  const piece = new Uint8Array(1024 ** 2);
  const app = new Hono().get("/", () => {
    const pull = async (controller: ReadableStreamDefaultController) => {
      await setImmediate();
      controller.enqueue(piece);
    };
    return new Response(new ReadableStream({ pull, cancel: () => void (isCancelled = true) }));
  });
  const serving = await serveApp(app, { host: "127.0.0.1", port: 0, stalledMs: 200 });
  const reader = connect(serving.port, "127.0.0.1");
  reader.on("error", () => undefined);
  reader.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await expect.poll(() => isCancelled, { timeout: 10_000 }).toBe(true);
  reader.destroy();
  await serving.close();
});
