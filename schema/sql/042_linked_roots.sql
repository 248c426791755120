-- Spans that have links and no parent, and of each the first traces that it links to (xxHash32, as in hop_keys): where
-- none of these is stored, no flow that is in flow_origins leads to it, and it is listed as the begin of one. A few are
-- enough to tell, as this only says which traces a page has to read (docs/decisions/0012-lists-read-narrow.md).
CREATE TABLE IF NOT EXISTS linked_roots
(
    start_time DateTime64(9) CODEC(Delta, ZSTD(1)),
    trace_id FixedString(16) CODEC(NONE),
    span_id FixedString(8) CODEC(NONE),
    causes Array(UInt32) CODEC(LZ4)
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(start_time)
ORDER BY (start_time, trace_id, span_id)
TTL toDateTime(start_time) + toIntervalDay({{retention_days}})
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS linked_roots_view TO linked_roots AS
SELECT
    spans.start_time AS start_time,
    trace_id,
    toFixedString(substring(span_ids, 1, 8), 8) AS span_id,
    arrayMap(id -> xxHash32(id), arraySlice(`links.trace_id`, 1, 4)) AS causes
FROM spans
WHERE notEmpty(`links.trace_id`) AND substring(span_ids, 9, 8) = toFixedString('', 8);
