/** The column `rest`: what a span says that has no column, as few spans say it. */
import { viewOf } from "./byte-buffer.ts";
import type { StringColumn } from "./native-columns.ts";
import type { SpanKernel } from "./span-kernel.ts";

const TWO_32 = 4_294_967_296n;

/** Of one span at a time, as it was sent; {@link read} starts the next. */
export class SpanRest {
  startLow = 0;
  startHigh = 0;
  endLow = 0;
  endHigh = 0;
  droppedAttributes = 0;
  droppedEvents = 0;
  droppedLinks = 0;
  /** Whether the column start_time has another time than was sent. */
  startMoved = false;
  /** Whether the end that was sent is not start and duration together. */
  endMoved = false;

  /** Takes what both halves of the transcoder read. */
  read(kernel: SpanKernel): void {
    this.startLow = kernel.state("startLow");
    this.startHigh = kernel.state("startHigh");
    this.endLow = kernel.state("endLow");
    this.endHigh = kernel.state("endHigh");
    this.droppedAttributes = kernel.state("droppedAttributes");
    this.droppedEvents = kernel.state("droppedEvents");
    this.droppedLinks = kernel.state("droppedLinks");
    this.startMoved = this.endMoved = false;
  }

  /** Writes the members of OTLP/JSON's Span that are needed; nothing where none is. */
  writeTo(column: StringColumn, row: number): void {
    const { startMoved, endMoved, droppedAttributes, droppedEvents, droppedLinks } = this;
    if (!startMoved && !endMoved && (droppedAttributes | droppedEvents | droppedLinks) === 0) return;
    const text = JSON.stringify({
      ...(startMoved && { startTimeUnixNano: unixNano(this.startLow, this.startHigh) }),
      ...(endMoved && { endTimeUnixNano: unixNano(this.endLow, this.endHigh) }),
      ...(droppedAttributes !== 0 && { droppedAttributesCount: droppedAttributes }),
      ...(droppedEvents !== 0 && { droppedEventsCount: droppedEvents }),
      ...(droppedLinks !== 0 && { droppedLinksCount: droppedLinks }),
    });
    column.set(row, viewOf(Buffer.from(text)), 0, text.length);
  }
}

function unixNano(low: number, high: number): string {
  return String(BigInt(high) * TWO_32 + BigInt(low));
}
