-- Which services have which operations, by hour: what completion and the Jaeger API ask before anything else.
CREATE TABLE IF NOT EXISTS operation_hours
(
    hour DateTime CODEC(Delta, ZSTD(1)),
    service_name LowCardinality(String),
    name LowCardinality(String),
    span_kind UInt8,
    spans SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (service_name, name, span_kind, hour)
TTL hour + toIntervalDay({{retention_days}})
SETTINGS non_replicated_deduplication_window = 10000;

-- By one number for the names, as in 005_function_minutes.sql.
CREATE MATERIALIZED VIEW IF NOT EXISTS operation_hours_view TO operation_hours AS
SELECT
    toStartOfHour(toDateTime(start_time)) AS hour,
    any(spans.service_name) AS service_name,
    any(spans.name) AS name,
    kind AS span_kind,
    count() AS spans
FROM spans
GROUP BY hour, span_kind, xxHash64(spans.service_name) + 3 * xxHash64(spans.name);
