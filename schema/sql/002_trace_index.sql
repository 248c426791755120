-- In which slots of 15 seconds a trace has spans: a look-up by trace id reads only those of `spans`. It has a row for each
-- hour, as a message that is sent back after days goes on in its trace, and nothing lies in between. It also leads from
-- xxHash32 of a trace id, which is all that hop_keys holds of one, to the id: a query names both, hash and id.
CREATE TABLE IF NOT EXISTS trace_index
(
    trace_id FixedString(16) CODEC(NONE),
    first_slot SimpleAggregateFunction(min, DateTime) CODEC(T64),
    last_slot SimpleAggregateFunction(max, DateTime) CODEC(T64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toMonday(first_slot)
PRIMARY KEY (xxHash32(trace_id), trace_id)
ORDER BY (xxHash32(trace_id), trace_id, intDiv(toUInt32(first_slot), 3600))
TTL last_slot + toIntervalDay({{retention_days}}) + toIntervalHour(1)
-- A granule holds few rows: the traces of a flow lie all over the table.
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, index_granularity = 512;

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_index_view TO trace_index AS
SELECT
    trace_id,
    toDateTime(intDiv(toUInt32(toDateTime(min(start_time))), 15) * 15) AS first_slot,
    toDateTime(intDiv(toUInt32(toDateTime(max(start_time))), 15) * 15) AS last_slot
FROM spans
GROUP BY trace_id, intDiv(toUInt32(toDateTime(start_time)), 3600);
