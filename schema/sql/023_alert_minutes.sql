-- function_minutes once more, in the order of time: an evaluation reads the last minutes of every function, and the list
-- of functions those of its range, which lie together here and all over the table there. Fed by the rollup's own small
-- blocks, so inserts hardly notice.
CREATE TABLE IF NOT EXISTS alert_minutes
(
    step_s UInt16 DEFAULT 60,
    minute DateTime CODEC(Delta, ZSTD(1)),
    seen_at DateTime CODEC(Delta, ZSTD(1)),
    service_name LowCardinality(String),
    faas_name LowCardinality(String),
    invocations SimpleAggregateFunction(sum, UInt64),
    errors SimpleAggregateFunction(sum, UInt64),
    timeouts SimpleAggregateFunction(sum, UInt64),
    cold_starts SimpleAggregateFunction(sum, UInt64),
    duration_ms AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Float64),
    init_ms AggregateFunction(quantilesTDigestIf(0.5, 0.95), Float64, UInt8),
    memory_used_max SimpleAggregateFunction(max, UInt64),
    memory_limit_max SimpleAggregateFunction(max, UInt64),
    gb_seconds SimpleAggregateFunction(sum, Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (step_s, minute, service_name, faas_name, seen_at)
-- A quarter goes after its last minute.
TTL minute + toIntervalDay({{retention_days}}) + toIntervalHour(6)
-- Granules are small, as a digest is dear to read.
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS alert_minutes_view TO alert_minutes AS
SELECT
    step_s, minute, seen_at, service_name, faas_name, invocations, errors, timeouts, cold_starts,
    duration_ms, init_ms, memory_used_max, memory_limit_max, gb_seconds
FROM function_minutes;
