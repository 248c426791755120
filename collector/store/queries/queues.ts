/** Queues and topics over a time range, from the rollup. */
import type { QueueSummary } from "../../../schema/api.ts";
import type { QueryBounds, Store } from "../store.ts";
import { placeNameSql, systemSql } from "./message-place-sql.ts";
import { atMost, within, type Reading } from "./reading.ts";
import { IN_ROLLUP_RANGE, rollupRange, type MinuteRange } from "./rollup-range.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 100_000_000, memoryBytes: 1024 ** 3 };
/** Queues of one answer. */
const QUEUES_MAX = 1_000;

/** The minutes that are summed up. */
export interface QueuesQuery extends Reading, MinuteRange {}

interface QueueRow {
  readonly name: string;
  readonly system: string;
  readonly counts: readonly string[];
  readonly wait: readonly (number | string | null)[];
  readonly consumers: readonly (readonly [string, string, string, string])[];
}

const SQL = `
SELECT queue AS name, system,
    [sum(message_count), sum(failure_count), sum(retry_count), sum(dead_count), max(attempts)] AS counts,
    quantilesTDigestIfMerge(0.5, 0.95, 0.99)(wait_state) AS wait,
    groupArray((service_name, faas_name, toString(message_count), toString(failure_count))) AS consumers
FROM
(
    SELECT ${placeNameSql("queue_minutes.queue")} AS queue, ${systemSql("queue_minutes.messaging_system")} AS system,
        service_name, faas_name,
        sum(messages) AS message_count, sum(failures) AS failure_count, sum(retries) AS retry_count,
        sum(dead_letters) AS dead_count, max(attempts_max) AS attempts,
        quantilesTDigestIfMergeState(0.5, 0.95, 0.99)(wait_ms) AS wait_state
    FROM queue_minutes
    WHERE ${IN_ROLLUP_RANGE}
    GROUP BY queue, system, service_name, faas_name
)
GROUP BY queue, system
ORDER BY sum(message_count) DESC, queue
LIMIT {limit:UInt32}`;

/** Every queue and topic from which code took messages, the busiest first. */
export async function queueTotals(store: Store, { from, to, ...reading }: QueuesQuery): Promise<QueueSummary[]> {
  const params = { ...rollupRange({ from, to }), limit: QUEUES_MAX + 1 };
  const rows = await store.query<QueueRow>(SQL, params, within(BOUNDS, reading));
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  const queues = atMost(rows, { limit: QUEUES_MAX, name: "queues", onCut: reading.onCut });
  return queues.map((row) => toQueue(row, seconds));
}

function toQueue({ name, system, counts, wait, consumers }: QueueRow, seconds: number): QueueSummary {
  const [messages = 0, failures = 0, retries = 0, deadLetters = 0, attemptsMax = 0] = counts.map(Number);
  const [p50, p95, p99] = wait;
  const hasWait = typeof p50 === "number" && typeof p95 === "number" && typeof p99 === "number";
  return {
    name,
    system,
    messages,
    rate: messages / seconds,
    failures,
    retries,
    deadLetters,
    attemptsMax,
    waitMs: hasWait ? { p50, p95, p99 } : null,
    consumers: consumers
      .map(([service, consumer, taken, failed]) => ({
        service,
        name: consumer,
        messages: Number(taken),
        failures: Number(failed),
      }))
      .sort((a, b) => b.messages - a.messages),
  };
}
