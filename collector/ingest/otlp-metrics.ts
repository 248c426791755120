/**
 * OTLP metrics as far as they are of the wrapper's own scope: the sums in it. Of everything else only the number of
 * data points is read, to say how many were not taken.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 */
import { ProtobufReader, toNumber, WIRE_BYTES } from "./protobuf.ts";

/** An attribute's value where it is a string or a boolean; others are of no use here. */
export type PlainValue = string | boolean | undefined;

/** One data point of a sum. */
export interface SumPoint {
  /** End of the interval that it counts, nanoseconds since the epoch, as near as a double comes to it. */
  readonly timeNs: number;
  /** Undefined where it is no integer. */
  readonly value: number | undefined;
  readonly attributes: ReadonlyMap<string, PlainValue>;
}

/** What is read of one metric. */
export interface Metric {
  readonly name: string;
  /** Data points, of whichever kind. */
  readonly points: number;
  /** Undefined where the metric is no sum. */
  readonly sum: { readonly temporality: number; readonly points: readonly SumPoint[] } | undefined;
}

/** Metrics of one scope of one resource. */
export interface ScopeMetrics {
  readonly resource: ReadonlyMap<string, PlainValue>;
  readonly metrics: readonly Metric[];
}

/** What is read of a request. */
export interface MetricsRequest {
  /** Of the wanted scope. */
  readonly wanted: readonly ScopeMetrics[];
  /** Data points of every other scope. */
  readonly otherPoints: number;
}

/** What is done with a field of a message: its bytes end at `end`, for fields that have a length. */
type Visit = (end: number) => void;
/** By tag (field number and wire type). */
type Fields = Readonly<Record<number, Visit>>;

/** Tags of gauge, sum, histogram, exponential histogram and summary: their first field is a list of data points. */
const DATA_TAGS = [0x2a, 0x3a, 0x4a, 0x52, 0x5a];
const SUM_TAG = 0x3a;

/**
 * Reads an `ExportMetricsServiceRequest` in protobuf.
 *
 * @throws OtlpError 400 where it is malformed
 */
export function readMetrics(body: Uint8Array, scopeName: string): MetricsRequest {
  return new MetricsReader(body, scopeName).request();
}

class MetricsReader {
  readonly #reader: ProtobufReader;
  readonly #scopeName: string;
  readonly #wanted: ScopeMetrics[] = [];
  #otherPoints = 0;

  constructor(body: Uint8Array, scopeName: string) {
    this.#reader = new ProtobufReader(body);
    this.#scopeName = scopeName;
  }

  request(): MetricsRequest {
    this.#each(this.#reader.bytes.length, {
      0x0a: (end) => this.#resourceMetrics(end),
    });
    return { wanted: this.#wanted, otherPoints: this.#otherPoints };
  }

  #resourceMetrics(end: number): void {
    const start = this.#reader.position;
    let resource = new Map<string, PlainValue>();
    // The resource may come after what it is of.
    this.#each(end, {
      0x0a: (resourceEnd) => (resource = this.#attributes(resourceEnd, 0x0a)),
    });
    this.#again(start, end, { 0x12: (scopeEnd) => this.#scopeMetrics(scopeEnd, resource) });
  }

  #scopeMetrics(end: number, resource: ReadonlyMap<string, PlainValue>): void {
    const start = this.#reader.position;
    let name = "";
    this.#each(end, {
      0x0a: (scopeEnd) =>
        this.#each(scopeEnd, { 0x0a: (textEnd) => (name = this.#text(textEnd)) }),
    });
    const isWanted = name === this.#scopeName;
    const metrics: Metric[] = [];
    this.#again(start, end, {
      0x12: (metricEnd) => {
        const metric = this.#metric(metricEnd, isWanted);
        if (isWanted) metrics.push(metric);
        else this.#otherPoints += metric.points;
      },
    });
    if (isWanted) this.#wanted.push({ resource, metrics });
  }

  #metric(end: number, isWanted: boolean): Metric {
    let name = "";
    let points = 0;
    let sum: Metric["sum"];
    const counted: Visit = (dataEnd) =>
      this.#each(dataEnd, {
        0x0a: () => {
          points += 1;
        },
      });
    const fields: Record<number, Visit> = { 0x0a: (textEnd) => (name = this.#text(textEnd)) };
    for (const tag of DATA_TAGS) fields[tag] = counted;
    if (isWanted) fields[SUM_TAG] = (dataEnd) => (sum = this.#sum(dataEnd));
    this.#each(end, fields);
    return { name, points: points + (sum?.points.length ?? 0), sum };
  }

  #sum(end: number): NonNullable<Metric["sum"]> {
    const points: SumPoint[] = [];
    let temporality = 0;
    this.#each(end, {
      0x0a: (pointEnd) => points.push(this.#point(pointEnd)),
      0x10: () => (temporality = this.#reader.varint32()),
    });
    return { temporality, points };
  }

  #point(end: number): SumPoint {
    const start = this.#reader.position;
    let timeNs = 0;
    let value: number | undefined;
    this.#each(end, {
      0x19: () => (timeNs = this.#fixed64()),
      // Negative counts come out as more than any count may be.
      0x31: () => (value = this.#fixed64()),
    });
    this.#reader.position = start;
    return { timeNs, value, attributes: this.#attributes(end, 0x3a) };
  }

  #fixed64(): number {
    this.#reader.fixed64();
    return toNumber(this.#reader.low, this.#reader.high);
  }

  /** The attributes that the message has in its field of that tag. */
  #attributes(end: number, tag: number): Map<string, PlainValue> {
    const attributes = new Map<string, PlainValue>();
    this.#each(end, {
      [tag]: (pairEnd) => {
        let key = "";
        let value: PlainValue;
        this.#each(pairEnd, {
          0x0a: (textEnd) => (key = this.#text(textEnd)),
          0x12: (valueEnd) => (value = this.#value(valueEnd)),
        });
        attributes.set(key, value);
      },
    });
    return attributes;
  }

  #value(end: number): PlainValue {
    let value: PlainValue;
    this.#each(end, {
      0x0a: (textEnd) => (value = this.#text(textEnd)),
      0x10: () => (value = this.#reader.varint32() !== 0),
    });
    return value;
  }

  #text(end: number): string {
    const { bytes, position } = this.#reader;
    return Buffer.from(bytes.buffer, bytes.byteOffset + position, end - position).toString();
  }

  #again(start: number, end: number, fields: Fields): void {
    this.#reader.position = start;
    this.#each(end, fields);
  }

  /** Visits the fields of the message that ends at `end`; what has no visit is passed over. */
  #each(end: number, fields: Fields): void {
    const reader = this.#reader;
    const outerEnd = reader.end;
    reader.end = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      const visit = fields[tag];
      const hasLength = (tag & 7) === WIRE_BYTES;
      if (visit === undefined) reader.skip(tag);
      else if (hasLength) {
        const valueEnd = reader.lengthEnd();
        visit(valueEnd);
        reader.position = valueEnd;
      } else visit(end);
    }
    reader.end = outerEnd;
  }
}
