/** The way of a span to the collector, with a collector of our own making. */
import { describe, expect, it } from "vitest";
import { SPANS_BUFFERED_MAX } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";
import type { PostResult } from "./post.ts";
import { RecordedSpan } from "./span.ts";

function setUp(...answers: PostResult[]) {
  const bodies: Buffer[] = [];
  const poster = {
    load: async () => undefined,
    post: async (body: Buffer): Promise<PostResult> => {
      bodies.push(Buffer.from(body));
      return answers[bodies.length - 1] ?? { kind: "accepted" };
    },
  };
  return { bodies, pipeline: new Pipeline(poster, () => ({ "service.name": "s" })) };
}

function span(name: string): RecordedSpan {
  const context = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
  const scope = { name: "test", version: "" };
  const onEnd = (): void => undefined;
  const made = new RecordedSpan({ name, kind: 0, context, parentSpanId: undefined, startMs: 1, scope, onEnd });
  made.end();
  return made;
}

describe("a pipeline", () => {
  it("sends what a failing collector did not take again, byte for byte, once that has recovered", async () => {
    const { bodies, pipeline } = setUp({ kind: "retry", afterMs: 0, reason: "down" });
    pipeline.add(span("first"));
    await pipeline.flush(500);
    pipeline.add(span("second"));
    await pipeline.flush(500);
    expect(bodies).toHaveLength(1);
    // The next invocation tries it while its handler runs.
    await pipeline.flushInBackground();
    expect(bodies).toHaveLength(3);
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]?.includes("second")).toBe(true);
    expect(pipeline.pending).toBe(0);
    pipeline.add(span("third"));
    await pipeline.flush(500);
    expect(bodies).toHaveLength(4);
  });

  it("does not try a collector again before its pause is over", async () => {
    const { bodies, pipeline } = setUp({ kind: "retry", afterMs: 60_000, reason: "busy" });
    pipeline.add(span("first"));
    await pipeline.flush(500);
    await pipeline.flushInBackground();
    pipeline.prepare();
    expect(bodies).toHaveLength(1);
    expect(pipeline.failing).toBe(true);
  });

  it("drops a body that is rejected, and no other", async () => {
    const { bodies, pipeline } = setUp({ kind: "rejected", reason: "HTTP 400" });
    pipeline.add(span("bad"));
    await pipeline.flush(500);
    pipeline.add(span("good"));
    await pipeline.flush(500);
    expect(bodies.map((body) => body.includes("good"))).toEqual([false, true]);
    expect(pipeline.pending).toBe(0);
  });

  it("keeps no more spans than its bound while nothing takes them", () => {
    const { pipeline } = setUp();
    for (let n = 0; n < SPANS_BUFFERED_MAX + 10; n++) pipeline.add(span("one of many"));
    expect(pipeline.pending).toBe(SPANS_BUFFERED_MAX);
  });

  it("waits for nothing without a budget or without spans", async () => {
    const { bodies, pipeline } = setUp();
    await pipeline.flush(500);
    pipeline.add(span("kept"));
    await pipeline.flush(0);
    await pipeline.flush(-5);
    expect(bodies).toHaveLength(0);
    expect(pipeline.pending).toBe(1);
  });
});
