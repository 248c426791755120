-- One row a queue, consumer and minute, and its hours and quarters (005_function_minutes.sql), from the spans that
-- process messages. In the order of time, as alerts read the last minutes of every queue. The messages of a batch
-- are its links and its `hopscope.message` events, and as many more as its count says (a wrapper describes 2,048 at
-- most). Of a batch that was given back in part those failed that say so, else all. A dead letter is a message whose
-- span says from which queue it was moved, or one taken from a queue that is named as a dead-letter queue.
CREATE TABLE IF NOT EXISTS queue_minutes
(
    step_s UInt16 DEFAULT 60,
    minute DateTime CODEC(Delta, ZSTD(1)),
    seen_at DateTime CODEC(Delta, ZSTD(1)),
    queue LowCardinality(String),
    messaging_system LowCardinality(String),
    service_name LowCardinality(String),
    faas_name LowCardinality(String),
    messages SimpleAggregateFunction(sum, UInt64),
    failures SimpleAggregateFunction(sum, UInt64),
    retries SimpleAggregateFunction(sum, UInt64),
    dead_letters SimpleAggregateFunction(sum, UInt64),
    attempts_max SimpleAggregateFunction(max, UInt64),
    -- Messages whose time in the queue is known, and its quantiles.
    waits SimpleAggregateFunction(sum, UInt64),
    wait_ms AggregateFunction(quantilesTDigestIf(0.5, 0.95, 0.99), Float64, UInt8)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (step_s, minute, queue, messaging_system, service_name, faas_name, seen_at)
-- A quarter goes after its last minute.
TTL minute + toIntervalDay({{retention_days}}) + toIntervalHour(6)
-- Granules are small, as a digest is dear to read.
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS queue_minutes_view TO queue_minutes AS
WITH
    toStartOfMinute(toDateTime(start_time)) AS slot,
    toStartOfMinute(now() + toIntervalSecond(44)) AS arrival,
    -- SDKs before the conventions of 2024 call it otherwise, too (schema/older-names.ts).
    mapValues(attributes_string)[indexOf(mapKeys(attributes_string), 'messaging.destination')] AS older_destination,
    mapValues(attributes_string)[indexOf(mapKeys(attributes_string), 'messaging.source.name')] AS older_source,
    multiIf(
        messaging_destination_name != '' OR spans.messaging_system = '', toString(messaging_destination_name),
        older_source != '', older_source,
        older_destination
    ) AS destination,
    -- One number for the names, as in 005_function_minutes.sql.
    xxHash64(spans.service_name) + 3 * xxHash64(spans.faas_name) + 5 * xxHash64(spans.messaging_system)
        + 7 * xxHash64(destination) AS place,
    messaging_batch_message_count <= 1 AS is_single,
    if(is_single, message_sent_ms,
        toUInt64OrZero(extract(record, '"hopscope\\.message\\.sent_ms","value":\\{"intValue":"?([0-9]+)'))) AS sent_ms,
    if(is_single, toUInt64(message_receive_count),
        toUInt64OrZero(extract(record, '"hopscope\\.message\\.receive_count","value":\\{"intValue":"?([0-9]+)'))) AS attempts,
    if(is_single, record,
        extract(record, '"hopscope\\.dead_letter\\.source\\.name","value":\\{"stringValue":"([^"]*)"')) AS moved_from,
    arrayConcat(
        `links.attributes`,
        arrayFilter((text, name) -> name = 'hopscope.message', `events.attributes`, `events.name`)
    ) AS records,
    messaging_batch_message_count > 1 AND arrayExists(text -> position(text, '"hopscope.message.returned"') > 0, records) AS names_returned
SELECT
    arrayJoin([60, 3600, 21600]) AS step_s,
    toDateTime(intDiv(toUInt32(slot), step_s) * step_s) AS minute,
    if(step_s = 60, arrival, toDateTime(4294967295)) AS seen_at,
    any(destination) AS queue,
    any(spans.messaging_system) AS messaging_system,
    any(spans.service_name) AS service_name,
    if(any(spans.faas_name) = '', any(spans.service_name), any(spans.faas_name)) AS faas_name,
    count() AS messages,
    countIf(status_code = 2 AND (NOT names_returned OR position(record, '"hopscope.message.returned"') > 0)) AS failures,
    countIf(attempts > 1) AS retries,
    countIf(moved_from != ''
        OR match(destination, '(?i)(^|[-_.])(dlq|dead[-_]?letters?)([-_.]|$)')) AS dead_letters,
    max(attempts) AS attempts_max,
    countIf(sent_ms > 0) AS waits,
    quantilesTDigestIfState(0.5, 0.95, 0.99)(
        toFloat64(greatest(toInt64(0), toUnixTimestamp64Milli(start_time) - toInt64(sent_ms))),
        toUInt8(sent_ms > 0)
    ) AS wait_ms
FROM spans
-- Values are taken by their position, as that is cheaper than by key where the rows are few that are looked at.
-- What says something about each message: of one alone where it was moved from, as the span has the rest.
ARRAY JOIN if(
    is_single,
    [mapValues(attributes_string)[indexOf(mapKeys(attributes_string), 'hopscope.dead_letter.source.name')]],
    -- Lambda gives a function 10,000 messages at most.
    arrayResize(records, greatest(length(records), least(messaging_batch_message_count, 10000)))
) AS record
-- SDKs before the conventions of 2024 call it messaging.operation, or do not say it. What polls takes nothing yet.
WHERE kind = 5 AND messaging_operation_type IN ('process', '') AND destination != ''
    AND mapValues(attributes_string)[indexOf(mapKeys(attributes_string), 'messaging.operation')] != 'receive'
    -- Counted when it was announced as timing out.
    AND timed_out != 1
GROUP BY slot, arrival, place;
