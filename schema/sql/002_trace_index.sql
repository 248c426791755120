-- Where the spans of a trace lie in time: a look-up by trace id reads only those hours of spans.
CREATE TABLE IF NOT EXISTS trace_index
(
    trace_id FixedString(16),
    min_start SimpleAggregateFunction(min, DateTime64(9)),
    max_start SimpleAggregateFunction(max, DateTime64(9))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(min_start)
ORDER BY trace_id
TTL toDateTime(max_start) + toIntervalDay({{retention_days}})
-- Read by key, a few rows at a time: small granules read less beside them.
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512;

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_index_view TO trace_index AS
SELECT trace_id, min(start_time) AS min_start, max(start_time) AS max_start
FROM spans
GROUP BY trace_id;
