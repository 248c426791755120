/** The answer for a big flow in pieces: its text is never whole in memory, and other readers are served in between. */
import type { BuiltFlow } from "../flow/build-flow.ts";
import { ApiError } from "./api-error.ts";

/** Spans that are made into text in one go: a few megabytes, some ten milliseconds in which nothing else runs. */
export const SPANS_AT_ONCE_MAX = 2_000;
/** Big answers under way: each holds its flow's spans until its reader has them, 100 MB at most. */
export const BIG_ANSWERS_MAX = 16;
/** What a reader may take for one of them: 60 MB at 100 KB/s. Slower ones would keep others away. Milliseconds. */
const ANSWER_MAX_MS = 600_000;

/** Big flows that are being read by somebody. */
export class FlowStreams {
  readonly #now: () => number;
  #open = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The flow and its spans as JSON.
   *
   * @throws ApiError where too many others are being read
   */
  open({ flow, spans }: BuiltFlow): ReadableStream<Uint8Array> {
    if (this.#open >= BIG_ANSWERS_MAX) {
      throw new ApiError("unavailable", `${String(BIG_ANSWERS_MAX)} big flows are being read already; ask again.`);
    }
    this.#open += 1;
    const close = () => void (this.#open -= 1);
    const untilMs = this.#now() + ANSWER_MAX_MS;
    const encoder = new TextEncoder();
    let sent = 0;
    return new ReadableStream({
      start: (controller) => controller.enqueue(encoder.encode(`{"flow":${JSON.stringify(flow)},"spans":[`)),
      pull: (controller) => {
        if (this.#now() > untilMs) {
          close();
          controller.error(new Error(`not taken within ${String(ANSWER_MAX_MS / 1000)} s`));
          return;
        }
        const piece = spans.slice(sent, sent + SPANS_AT_ONCE_MAX).map((span) => JSON.stringify(span));
        controller.enqueue(encoder.encode(`${sent === 0 ? "" : ","}${piece.join(",")}`));
        sent += piece.length;
        if (sent < spans.length) return;
        controller.enqueue(encoder.encode("]}"));
        controller.close();
        close();
      },
      cancel: close,
    });
  }
}
