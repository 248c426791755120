/** The ingestion's counters and gauges in the Prometheus text format, for `/metrics`. */
import { exposition, type Family } from "../store/exposition.ts";
import type { Receiver } from "./receive.ts";
import type { ReceiverStats } from "./receiver-stats.ts";

interface Metric extends Omit<Family, "samples"> {
  readonly value: (stats: ReceiverStats) => number;
}

const METRICS: readonly Metric[] = [
  counter("requests_total", "Requests taken.", (stats) => stats.requests),
  counter("spans_total", "Spans acknowledged.", (stats) => stats.spans),
  counter("bytes_total", "Bytes of requests taken, decompressed.", (stats) => stats.bytes),
  counter("repeated_requests_total", "Requests recognised as repeats.", (stats) => stats.repeats),
  counter("commits_total", "Group commits to the write-ahead log.", (stats) => stats.commits),
  counter("wal_append_errors_total", "Commits that the disk failed.", (stats) => stats.wal.appendErrors),
  counter("wal_damaged_segments_total", "Segments set aside as damaged.", (stats) => stats.wal.damagedSegments),
  counter("wal_torn_tails_total", "Segments whose torn end was cut.", (stats) => stats.wal.tornTails),
  counter("loaded_spans_total", "Spans that the store took.", (stats) => stats.load.spans),
  counter("loaded_segments_total", "Segments that the store took.", (stats) => stats.load.segments),
  counter("load_retries_total", "Inserts that failed and were tried again.", (stats) => stats.load.retries),
  counter("refused_segments_total", "Segments refused as bad data.", (stats) => stats.load.refusedSegments),
  counter("wild_clock_spans_total", "Spans stored at their arrival's time.", (stats) => stats.transcode.wildClocks),
  counter("end_before_start_spans_total", "Spans that end before they start.", (stats) => stats.transcode.endBeforeStart),
  counter("bad_links_total", "Links dropped for the length of their ids.", (stats) => stats.transcode.badLinks),
  counter("repaired_strings_total", "Strings that were not UTF-8.", (stats) => stats.transcode.repairedStrings),
  gauge("in_flight_bytes", "Bytes of request bodies in hand.", (stats) => stats.inFlightBytes),
  gauge("kernel_bytes", "Memory of the transcoder.", (stats) => stats.kernelBytes),
  gauge("wal_bytes", "Bytes acknowledged and not in the store.", (stats) => stats.walBytes),
  gauge("wal_spare_bytes", "Bytes of the log's files kept to be written over.", (stats) => stats.walSpareBytes),
  gauge("wal_segments", "Segments that wait for the store.", (stats) => stats.walSegments),
  gauge("disk_free_bytes", "Free bytes on the disk of the log.", (stats) => stats.diskFreeBytes),
  gauge("lag_seconds", "Age of the oldest span not in the store.", (stats) => stats.lagS),
];

function counter(name: string, help: string, value: Metric["value"]): Metric {
  return { name: `hopscope_ingest_${name}`, type: "counter", help, value };
}

function gauge(name: string, help: string, value: Metric["value"]): Metric {
  return { name: `hopscope_ingest_${name}`, type: "gauge", help, value };
}

/** Lines of the exposition format, each ended. */
export function ingestMetrics(receiver: Pick<Receiver, "stats">): string {
  const stats = receiver.stats();
  return exposition([
    ...METRICS.map(({ value, ...family }) => ({ ...family, samples: [{ value: value(stats) }] })),
    {
      name: "hopscope_ingest_rejected_spans_total",
      type: "counter",
      help: "Spans left out of requests that were taken, by reason.",
      samples: byReason(stats.rejectedSpans),
    },
    {
      name: "hopscope_ingest_refused_requests_total",
      type: "counter",
      help: "Requests answered with an error, by reason.",
      samples: byReason(stats.refused),
    },
  ]);
}

/** Each reason from the start on, as a rate cannot be made of a counter that begins at its first event. */
function byReason(counts: Readonly<Record<string, number>>): Family["samples"] {
  return Object.entries(counts).map(([reason, value]) => ({ labels: { reason }, value }));
}
