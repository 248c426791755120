-- Where flows may begin, for the list of flows: of each trace in an insert the earliest span that nothing caused as
-- far as it knows (no parent, no link); where there is none, the earliest invocation, whose caller may send its spans
-- elsewhere, or may have lost them; else the earliest span that has a parent. So the first of a whole trace has a row,
-- however its spans were cut into inserts. A trace of linked roots alone has none: it is part of what these link to.
CREATE TABLE IF NOT EXISTS flow_origins
(
    trace_id FixedString(16) CODEC(NONE),
    span_id FixedString(8) CODEC(NONE),
    start_time DateTime64(9) CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(start_time)
ORDER BY (start_time, trace_id, span_id)
TTL toDateTime(start_time) + toIntervalDay({{retention_days}})
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Rank and start are one number, as the least of tuples takes twice the time: nanoseconds until 2116 take 62 bits. Where
-- two start at one instant either may be the origin.
CREATE MATERIALIZED VIEW IF NOT EXISTS flow_origins_view TO flow_origins AS
WITH
    if(substring(span_ids, 9, 8) = toFixedString('', 8), 0, if(kind IN (2, 5), 1, 2)) AS rank,
    bitShiftLeft(toUInt64(rank), 62) + toUInt64(toUnixTimestamp64Nano(spans.start_time)) AS place
SELECT
    trace_id,
    toFixedString(substring(argMin(spans.span_ids, place), 1, 8), 8) AS span_id,
    fromUnixTimestamp64Nano(toInt64(bitAnd(min(place), bitShiftLeft(toUInt64(1), 62) - 1))) AS start_time
FROM spans
WHERE substring(span_ids, 9, 8) != toFixedString('', 8) OR empty(`links.trace_id`)
GROUP BY trace_id;
