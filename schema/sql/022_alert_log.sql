-- The alerts' state, as a log in which each number is written once: the number is the insert's deduplication token, so
-- of two collectors that write the same number the first wins, and the other reads that it lost. `epoch` is the fencing
-- token: an entry of an older epoch than one before it is void.
CREATE TABLE IF NOT EXISTS alert_log
(
    seq UInt64,
    epoch UInt64,
    holder String,
    kind LowCardinality(String),
    payload String CODEC(ZSTD(3)),
    written DateTime64(3) DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY seq
TTL toDateTime(written) + toIntervalHour(2160)
SETTINGS non_replicated_deduplication_window = 100000;

-- When the collector that evaluates was last alive, by the server's own clock.
CREATE TABLE IF NOT EXISTS alert_heartbeats
(
    epoch UInt64,
    holder String,
    at DateTime64(3) DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(at)
ORDER BY epoch
TTL toDateTime(at) + toIntervalHour(48);

-- What alerts did, for the history: filled with the log, so it is written with the decision or not at all.
CREATE TABLE IF NOT EXISTS alert_history
(
    at DateTime,
    rule_id LowCardinality(String),
    change LowCardinality(String),
    condition LowCardinality(String),
    labels String,
    window_end DateTime,
    value Nullable(Float64),
    reason LowCardinality(String),
    past UInt8
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, rule_id, labels, condition, change, window_end)
TTL at + toIntervalDay({{retention_days}})
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS alert_history_view TO alert_history AS
SELECT
    toDateTime(intDiv(JSONExtractInt(item, 'atMs'), 1000)) AS at,
    JSONExtractString(item, 'ruleId') AS rule_id,
    JSONExtractString(item, 'change') AS change,
    JSONExtractString(item, 'condition') AS condition,
    JSONExtractRaw(item, 'labels') AS labels,
    toDateTime(intDiv(JSONExtractInt(item, 'windowEndMs'), 1000)) AS window_end,
    JSONExtract(item, 'value', 'Nullable(Float64)') AS value,
    JSONExtractString(item, 'reason') AS reason,
    toUInt8(JSONExtractBool(item, 'past')) AS past
FROM alert_log
ARRAY JOIN JSONExtractArrayRaw(payload, 'history') AS item;

-- Rules and silences that were made through the API: the newest version of an id counts.
CREATE TABLE IF NOT EXISTS alert_settings
(
    kind LowCardinality(String),
    id String,
    version UInt64,
    deleted UInt8,
    body String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kind, id);
