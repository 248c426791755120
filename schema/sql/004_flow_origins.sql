-- Spans that nothing caused as far as they know: no parent, no link. The flow list starts from them.
CREATE TABLE IF NOT EXISTS flow_origins
(
    trace_id FixedString(16),
    span_id FixedString(8),
    start_time DateTime64(9) CODEC(Delta, ZSTD(1)),
    service_name LowCardinality(String),
    faas_name LowCardinality(String),
    name LowCardinality(String),
    kind UInt8
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(start_time)
ORDER BY (start_time, trace_id, span_id)
TTL toDateTime(start_time) + toIntervalDay({{retention_days}})
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS flow_origins_view TO flow_origins AS
SELECT trace_id, span_id, start_time, service_name, faas_name, name, kind
FROM spans
WHERE parent_span_id = toFixedString('', 8) AND empty(`links.trace_id`);
