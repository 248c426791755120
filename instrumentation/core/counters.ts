/**
 * What is still known of invocations whose trace the sampler does not keep: how many there were, and how many failed,
 * timed out or started cold. Sent as OTLP metrics by the names of the semantic conventions, each data point marked
 * `hopscope.sampled=false`, so that they add to what the kept spans say.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/faas/faas-metrics/
 */
import type { Attributes } from "@opentelemetry/api";
import { nowMs, PROCESS_START_MS } from "./clock.ts";
import { toNs, writeAttributes, writeResource } from "./otlp.ts";
import { ProtobufWriter } from "./protobuf.ts";
import { VERSION } from "./version.ts";

/** First size of a request's buffer, in bytes. */
const REQUEST_BYTES = 2_048;
/** `AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA`: a frozen environment may never report again. */
const DELTA = 1;

/** What became of an invocation. */
export type Outcome = "ok" | "error" | "timeout";

interface Counts {
  "faas.invocations": number;
  "faas.errors": number;
  "faas.timeouts": number;
  "faas.coldstarts": number;
}

/** Counts invocations by trigger until they are taken. */
export class Counters {
  #counts = new Map<string, Counts>();
  #sinceMs = PROCESS_START_MS;

  add(trigger: string, outcome: Outcome, coldStart: boolean): void {
    const counts = this.#counts.get(trigger) ?? {
      "faas.invocations": 0,
      "faas.errors": 0,
      "faas.timeouts": 0,
      "faas.coldstarts": 0,
    };
    this.#counts.set(trigger, counts);
    counts["faas.invocations"]++;
    if (outcome !== "ok") counts["faas.errors"]++;
    if (outcome === "timeout") counts["faas.timeouts"]++;
    if (coldStart) counts["faas.coldstarts"]++;
  }

  get pending(): boolean {
    return this.#counts.size > 0;
  }

  /** One export request with what was counted since the last one. */
  take(resource: Attributes): Buffer {
    const counts = this.#counts;
    const [startNs, endNs] = [toNs(this.#sinceMs), toNs(nowMs())];
    this.#counts = new Map();
    this.#sinceMs = nowMs();
    const out = new ProtobufWriter(REQUEST_BYTES);
    const writePoints = (name: keyof Counts): void => {
      for (const [trigger, { [name]: count }] of counts) {
        out.message(1, () => {
          out.fixed64Field(2, startNs);
          out.fixed64Field(3, endNs);
          out.fixed64Field(6, BigInt(count));
          writeAttributes(out, 7, { "faas.trigger": trigger, "hopscope.sampled": false });
        });
      }
    };
    out.message(1, () => {
      writeResource(out, resource);
      out.message(2, () => {
        out.message(1, () => {
          out.stringField(1, "hopscope");
          out.stringField(2, VERSION);
        });
        for (const name of ["faas.invocations", "faas.errors", "faas.timeouts", "faas.coldstarts"] as const) {
          out.message(2, () => {
            out.stringField(1, name);
            out.stringField(3, "{invocation}");
            out.message(7, () => {
              writePoints(name);
              out.varintField(2, DELTA);
              out.varintField(3, 1);
            });
          });
        }
      });
    });
    return out.finish();
  }
}
