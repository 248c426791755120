-- One row an edge of the map and minute, and its hours and quarters (005_function_minutes.sql): who sends where, who
-- takes from where, who calls whom. From single spans: both sides of a queue are edges of their own, so no join is
-- needed.
CREATE TABLE IF NOT EXISTS map_minutes
(
    step_s UInt16 DEFAULT 60,
    minute DateTime CODEC(Delta, ZSTD(1)),
    edge_kind LowCardinality(String),
    service_name LowCardinality(String),
    faas_name LowCardinality(String),
    -- messaging.system, the database's or `http`.
    peer_system LowCardinality(String),
    peer_name LowCardinality(String),
    spans SimpleAggregateFunction(sum, UInt64),
    errors SimpleAggregateFunction(sum, UInt64),
    duration_ms AggregateFunction(quantilesTDigest(0.5, 0.95), Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (step_s, minute, edge_kind, service_name, faas_name, peer_system, peer_name)
-- A quarter goes after its last minute.
TTL minute + toIntervalDay({{retention_days}}) + toIntervalHour(6)
-- Granules are small, as a digest is dear to read.
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS map_minutes_view TO map_minutes AS
WITH
    toStartOfMinute(toDateTime(start_time)) AS slot,
    -- 1 publish, 2 receive, 3 call.
    multiIf(
        messaging_destination_name != '' AND (kind = 4 OR messaging_operation_type IN ('send', 'create', 'publish')), 1,
        -- SDKs before the conventions of 2024 call it messaging.operation, or do not say it.
        messaging_destination_name != '' AND kind = 5 AND messaging_operation_type IN ('process', '')
            AND attributes_string['messaging.operation'] != 'receive', 2,
        kind = 3 AND messaging_system = '' AND server_address != '', 3,
        0
    ) AS edge,
    -- One number for the names, as in 005_function_minutes.sql.
    xxHash64(spans.service_name) + 3 * xxHash64(spans.faas_name) + 5 * xxHash64(messaging_system)
        + 7 * if(edge = 3, xxHash64(server_address), xxHash64(messaging_destination_name)) AS place
SELECT
    arrayJoin([60, 3600, 21600]) AS step_s,
    toDateTime(intDiv(toUInt32(slot), step_s) * step_s) AS minute,
    ['publish', 'receive', 'call'][edge] AS edge_kind,
    any(spans.service_name) AS service_name,
    if(any(spans.faas_name) = '', any(spans.service_name), any(spans.faas_name)) AS faas_name,
    if(edge = 3, 'http', any(messaging_system)) AS peer_system,
    if(edge = 3, any(server_address), any(messaging_destination_name)) AS peer_name,
    count() AS spans,
    countIf(status_code = 2) AS errors,
    quantilesTDigestState(0.5, 0.95)(duration_ns / 1e6) AS duration_ms
FROM spans
-- Attributes are looked at here alone, so that they need not be copied for the rows that are left.
WHERE kind IN (3, 4, 5) AND edge != 0
GROUP BY slot, edge, place;
