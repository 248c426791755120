/** From an ended span to the collector, through a bounded buffer. */
import type { Attributes } from "@opentelemetry/api";
import { Exporter } from "./exporter.ts";
import { SPANS_BUFFERED_MAX, SPANS_PER_REQUEST_MAX } from "./limits.ts";
import { encodeTraces } from "./otlp.ts";
import type { Poster } from "./post.ts";
import { report } from "./report.ts";
import type { RecordedSpan } from "./span.ts";

/** A {@link Pipeline} that posts by `poster`. */
export function makePipeline(poster: Poster, resource: () => Attributes): Pipeline {
  return new Pipeline(poster, resource);
}

/** Takes ended spans and sends them when told to. */
export class Pipeline extends Exporter {
  protected readonly what = "spans";
  readonly #resource: () => Attributes;
  readonly #spans: RecordedSpan[] = [];

  constructor(poster: Poster, resource: () => Attributes) {
    super(poster);
    this.#resource = resource;
  }

  add(span: RecordedSpan): void {
    if (this.#spans.length >= SPANS_BUFFERED_MAX) {
      report(`more than ${SPANS_BUFFERED_MAX} spans wait for the collector; further ones are dropped`);
      return;
    }
    this.#spans.push(span);
    this.onAdd?.();
  }

  protected get waiting(): number {
    return this.#spans.length;
  }

  protected takeWaiting(): Buffer {
    return encodeTraces(this.#resource(), this.#spans.splice(0, SPANS_PER_REQUEST_MAX));
  }
}
