-- function_minutes once more, in the order of time: an evaluation reads the last minutes of every function, which lie
-- together here and all over the table there. Fed by the rollup's own small blocks, so inserts hardly notice.
CREATE TABLE IF NOT EXISTS alert_minutes
(
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
ORDER BY (minute, service_name, faas_name, seen_at)
TTL minute + toIntervalDay({{retention_days}})
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS alert_minutes_view TO alert_minutes AS
SELECT
    minute, seen_at, service_name, faas_name, invocations, errors, timeouts, cold_starts,
    duration_ms, init_ms, memory_used_max, memory_limit_max, gb_seconds
FROM function_minutes;
