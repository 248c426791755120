-- What joins traces to one another, found by key in both directions.
-- kind 1: key is a trace id that this span links to.
-- kind 2: key is the 128-bit SipHash of an identity in message_keys.
CREATE TABLE IF NOT EXISTS hop_keys
(
    key FixedString(16),
    kind UInt8,
    trace_id FixedString(16),
    span_id FixedString(8),
    start_time DateTime64(9) CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(start_time)
ORDER BY (key, kind, trace_id, span_id)
TTL toDateTime(start_time) + toIntervalDay({{retention_days}})
-- Read by key, a few rows at a time: small granules read less beside them.
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512;

CREATE MATERIALIZED VIEW IF NOT EXISTS hop_keys_view TO hop_keys AS
SELECT
    tupleElement(hop, 1) AS key,
    tupleElement(hop, 2) AS kind,
    trace_id,
    span_id,
    start_time
FROM spans
ARRAY JOIN arrayConcat(
    arrayMap(id -> (id, toUInt8(1)), arrayDistinct(`links.trace_id`)),
    arrayMap(k -> (toFixedString(sipHash128(k), 16), toUInt8(2)), message_keys)
) AS hop
WHERE notEmpty(`links.trace_id`) OR notEmpty(message_keys);
