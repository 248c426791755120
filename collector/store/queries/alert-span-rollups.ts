/** The rollups that rules read, made from spans: for rules whose scope names attributes, which no rollup has. */
import { attributeEquals } from "./attribute-sql.ts";

/** The evaluation that first sees a span. */
const SEEN_AT = "toStartOfMinute(toDateTime(start_time)) + toIntervalMinute(seen_after) AS seen_at";

/** A subselect with the columns of `alert_minutes`, of invocations that have all attributes; adds its parameters. */
export function functionRollup(attributes: Readonly<Record<string, string>>, params: Record<string, unknown>): string {
  return `(
      SELECT
        toStartOfMinute(toDateTime(start_time)) AS minute, ${SEEN_AT}, service_name,
        if(faas_name = '', service_name, faas_name) AS faas_name,
        count() AS invocations, countIf(status_code = 2) AS errors, countIf(timed_out = 2) AS timeouts,
        countIf(faas_coldstart = 2 AND init_type IN ('', 'on-demand')) AS cold_starts,
        quantilesTDigestState(0.5, 0.95, 0.99)(duration_ns / 1e6) AS duration_ms,
        quantilesTDigestIfState(0.5, 0.95)(init_duration_ms, toUInt8(init_duration_ms > 0)) AS init_ms,
        max(memory_used) AS memory_used_max, max(faas_max_memory) AS memory_limit_max,
        sum((duration_ns / 1e9) * (faas_max_memory / 1073741824)) AS gb_seconds
      FROM spans
      WHERE start_time >= toDateTime({lo:UInt32}) AND start_time < toDateTime({hi:UInt32})
        AND (faas_trigger != '' OR faas_invocation_id != '') AND kind IN (2, 5)
        AND ${conditions(attributes, params)}
      GROUP BY minute, seen_at, service_name, faas_name
    )`;
}

/** The same for `queue_minutes` (021_queue_minutes.sql), of spans that process messages and have the attributes. */
export function queueRollup(attributes: Readonly<Record<string, string>>, params: Record<string, unknown>): string {
  return `(
      SELECT
        toStartOfMinute(toDateTime(start_time)) AS minute, ${SEEN_AT}, messaging_destination_name AS queue,
        service_name, if(faas_name = '', service_name, faas_name) AS faas_name,
        count() AS messages, countIf(status_code = 2) AS failures,
        countIf(tupleElement(message, 3) != ''
          OR match(messaging_destination_name, '(?i)(^|[-_.])(dlq|dead[-_]?letters?)([-_.]|$)')) AS dead_letters,
        max(tupleElement(message, 2)) AS attempts_max, countIf(tupleElement(message, 1) > 0) AS waits,
        quantilesTDigestIfState(0.5, 0.95, 0.99)(
          toFloat64(greatest(toInt64(0), toUnixTimestamp64Milli(start_time) - toInt64(tupleElement(message, 1)))),
          toUInt8(tupleElement(message, 1) > 0)
        ) AS wait_ms
      FROM spans
      ARRAY JOIN if(
        messaging_batch_message_count <= 1,
        [(message_sent_ms, toUInt64(message_receive_count), attributes_string['hopscope.dead_letter.source.name'])],
        arrayMap(
          text -> (
            toUInt64OrZero(extract(text, '"hopscope\\\\.message\\\\.sent_ms","value":\\\\{"intValue":"?([0-9]+)')),
            toUInt64OrZero(extract(text, '"hopscope\\\\.message\\\\.receive_count","value":\\\\{"intValue":"?([0-9]+)')),
            extract(text, '"hopscope\\\\.dead_letter\\\\.source\\\\.name","value":\\\\{"stringValue":"([^"]*)"')
          ),
          arrayConcat(
            \`links.attributes\`,
            arrayFilter((text, name) -> name = 'hopscope.message', \`events.attributes\`, \`events.name\`)
          )
        )
      ) AS message
      WHERE start_time >= toDateTime({lo:UInt32}) AND start_time < toDateTime({hi:UInt32})
        AND kind = 5 AND messaging_operation_type = 'process' AND messaging_destination_name != ''
        AND ${conditions(attributes, params)}
      GROUP BY minute, seen_at, queue, service_name, faas_name
    )`;
}

function conditions(attributes: Readonly<Record<string, string>>, params: Record<string, unknown>): string {
  return Object.entries(attributes)
    .map(([name, value], index) => {
      const { sql, params: own } = attributeEquals(name, value, { prefix: `attribute${index}`, place: "both" });
      Object.assign(params, own);
      return sql;
    })
    .join(" AND ");
}
