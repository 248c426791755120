-- Invocations of traces that the sampler did not keep, as the wrapper counts them: a row for each request, minute and
-- function. They add to function_minutes, and from there to what alerts read; durations are those of the kept alone.
-- request: 32 hex digits of the SHA-256 of the body, by which a request that is sent again is recognised.
CREATE TABLE IF NOT EXISTS unsampled_counts
(
    request FixedString(32),
    received_at DateTime DEFAULT now() CODEC(Delta, ZSTD(1)),
    minute DateTime CODEC(Delta, ZSTD(1)),
    service_name LowCardinality(String),
    faas_name LowCardinality(String),
    invocations UInt64,
    errors UInt64,
    timeouts UInt64,
    cold_starts UInt64
)
ENGINE = MergeTree
PARTITION BY toStartOfHour(received_at)
ORDER BY request
-- Nothing reads a row once its request is sent no more: hours, whatever the retention is.
TTL received_at + toIntervalHour(2)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS unsampled_counts_view TO function_minutes AS
WITH toStartOfMinute(now() + toIntervalSecond(44)) AS arrival
SELECT
    arrayJoin([60, 3600, 21600]) AS step_s,
    toDateTime(intDiv(toUInt32(counts.minute), step_s) * step_s) AS minute,
    service_name,
    if(faas_name = '', service_name, faas_name) AS faas_name,
    sum(invocations) AS invocations,
    sum(errors) AS errors,
    sum(timeouts) AS timeouts,
    sum(cold_starts) AS cold_starts,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(toFloat64(0), toUInt8(0)) AS duration_ms,
    quantilesTDigestIfState(0.5, 0.95)(toFloat64(0), toUInt8(0)) AS init_ms,
    toFloat64(0) AS duration_ms_sum,
    toUInt64(0) AS memory_used_max,
    toUInt64(0) AS memory_limit_max,
    toFloat64(0) AS gb_seconds,
    if(step_s = 60, arrival, toDateTime(4294967295)) AS seen_at
FROM unsampled_counts AS counts
GROUP BY counts.minute, service_name, faas_name;
