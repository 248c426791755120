-- One row a function, minute and arrival, and one a function and hour, and quarter of a day, of UTC: step_s says which.
-- All are rows of one insert, so they always say the same; a range is read as whole quarters, and hours and minutes at
-- both its ends.
-- An invocation is a SERVER or CONSUMER span that says so by faas.trigger or faas.invocation_id: one attempt, so
-- Lambda's retries with one request id count as several.
-- seen_at: the first alert evaluation (a whole minute) that can see a row. An evaluation runs a quarter of a minute
-- after its nominal minute and reads `seen_at <= minute`, so what it saw can be asked again at any time: a backtest
-- reads exactly what the live engine read. seen_at minus minute is also the arrival lag that delays an evaluation. What
-- is longer than a minute is for readers alone: no evaluation sees it, its seen_at is the last second that there is.
CREATE TABLE IF NOT EXISTS function_minutes
(
    step_s UInt16 DEFAULT 60,
    minute DateTime CODEC(Delta, ZSTD(1)),
    service_name LowCardinality(String),
    faas_name LowCardinality(String),
    invocations SimpleAggregateFunction(sum, UInt64),
    errors SimpleAggregateFunction(sum, UInt64),
    timeouts SimpleAggregateFunction(sum, UInt64),
    cold_starts SimpleAggregateFunction(sum, UInt64),
    duration_ms AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Float64),
    init_ms AggregateFunction(quantilesTDigestIf(0.5, 0.95), Float64, UInt8),
    duration_ms_sum SimpleAggregateFunction(sum, Float64),
    memory_used_max SimpleAggregateFunction(max, UInt64),
    memory_limit_max SimpleAggregateFunction(max, UInt64),
    -- Memory limit times duration: what the platform bills, in gigabyte-seconds.
    gb_seconds SimpleAggregateFunction(sum, Float64),
    seen_at DateTime CODEC(Delta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (service_name, faas_name, step_s, minute, seen_at)
-- A quarter goes after its last minute.
TTL minute + toIntervalDay({{retention_days}}) + toIntervalHour(6)
-- Granules are small, as a digest is dear to read.
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256;

-- Rows are grouped by one number for all names: it is worked out for a dictionary's entries, where names as keys would
-- be written out, and compared, for every row. That two sets of names share it is less likely than a broken disk.
CREATE MATERIALIZED VIEW IF NOT EXISTS function_minutes_view TO function_minutes AS
WITH
    toStartOfMinute(toDateTime(start_time)) AS slot,
    toStartOfMinute(now() + toIntervalSecond(44)) AS arrival,
    xxHash64(spans.service_name) + 3 * xxHash64(spans.faas_name) AS place
SELECT
    arrayJoin([60, 3600, 21600]) AS step_s,
    toDateTime(intDiv(toUInt32(slot), step_s) * step_s) AS minute,
    any(spans.service_name) AS service_name,
    if(any(spans.faas_name) = '', any(spans.service_name), any(spans.faas_name)) AS faas_name,
    count() AS invocations,
    countIf(status_code = 2) AS errors,
    countIf(timed_out = 2) AS timeouts,
    countIf(faas_coldstart = 2 AND init_type IN ('', 'on-demand')) AS cold_starts,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_ns / 1e6) AS duration_ms,
    quantilesTDigestIfState(0.5, 0.95)(init_duration_ms, toUInt8(init_duration_ms > 0)) AS init_ms,
    sum(duration_ns / 1e6) AS duration_ms_sum,
    max(memory_used) AS memory_used_max,
    max(faas_max_memory) AS memory_limit_max,
    sum((duration_ns / 1e9) * (faas_max_memory / 1073741824)) AS gb_seconds,
    if(step_s = 60, arrival, toDateTime(4294967295)) AS seen_at
FROM spans
WHERE kind IN (2, 5)
    -- 1: was sent before as timing out and then ended in time. It stays counted as it was announced.
    AND timed_out != 1
    AND (
        faas_invocation_text != '' OR faas_invocation_uuid != toUUID('00000000-0000-0000-0000-000000000000')
        -- The layers of OpenTelemetry for Lambda give the request's id its name of before 2023 and say no trigger. Beside
        -- such a SERVER span lies a CONSUMER span with a trigger for the event that it took: by its flags its parent runs
        -- in its process (bits 8 and 9: known, and not remote), so it is no run of its own.
        OR (faas_trigger != '' AND NOT (kind = 5 AND bitAnd(flags, 768) = 256))
        OR mapContains(attributes_string, 'faas.execution')
    )
GROUP BY slot, arrival, place;
