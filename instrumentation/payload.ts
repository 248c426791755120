/** Payload capture, as far as it is there for every function; what it takes is loaded where it is asked for. */
import type { Span } from "@opentelemetry/api";
import type { Call, PayloadCapture } from "./call.ts";
import { loadPart } from "./core/parts.ts";
import { guarded } from "./core/report.ts";
import type { CaptureOptions } from "./types.ts";

/** Loads what capturing takes; undefined where `given` does not ask for it. */
export function preparePayload(given: boolean | CaptureOptions): PayloadCapture | undefined {
  if (!given) return undefined;
  const capture: PayloadCapture = { text: undefined };
  loadPart("payload capture", import("./optional/payload.ts"), ({ makePayloadText }) => {
    capture.text = makePayloadText(given);
  });
  return capture;
}

/** Records `payload` as attribute `name` where the handler asks for it. */
export function recordPayload({ capture }: Call, span: Span, name: string, payload: unknown): void {
  guarded("capturing a payload", () => {
    const text = span.isRecording() ? capture?.text?.(payload) : undefined;
    if (text !== undefined) span.setAttribute(name, text);
  });
}
