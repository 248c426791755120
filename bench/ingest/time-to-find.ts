/** How long an acknowledged span takes until a query finds it, while others are sent. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { ProtobufWriter } from "../../collector/ingest/protobuf-writer.ts";
import { Connection } from "./connection.ts";
import { ask, type Subject } from "./measure.ts";

/** A look takes the store 10 ms: more often would be a load of its own, ms. */
const lookIntervalMs = 50;

/** Sends one span after the other and looks for each until it is there, until `signal` aborts; ms, ascending. */
export async function timesToFind({ child, port }: Subject, signal: AbortSignal): Promise<number[]> {
  const connection = await Connection.open({ port, contentType: "application/x-protobuf", encoding: "" });
  const timesMs: number[] = [];
  while (!signal.aborted) {
    const traceId = randomBytes(16);
    if ((await connection.post(oneSpan(traceId))) !== 200) continue;
    const acknowledgedAt = performance.now();
    while (!(await ask(child, { trace: traceId.toString("hex") }))) await delay(lookIntervalMs);
    timesMs.push(performance.now() - acknowledgedAt);
  }
  connection.close();
  return timesMs.sort((a, b) => a - b);
}

function oneSpan(traceId: Buffer): Buffer {
  const writer = new ProtobufWriter();
  const now = BigInt(Date.now()) * 1_000_000n;
  writer.message(1, () =>
    writer.message(2, () =>
      writer.message(2, () => {
        writer.bytes(1, traceId);
        writer.bytes(2, randomBytes(8));
        writer.string(5, "find me");
        writer.fixed64(7, now);
        writer.fixed64(8, now);
      }),
    ),
  );
  return writer.end();
}
