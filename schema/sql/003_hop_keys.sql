-- What joins traces to one another, found by key in both directions: a trace that this span links to, and every
-- identity of a message that it sent or took (message_keys, and before them the one that its system and message id
-- make, where that is left out of them or there are none).
-- Hashes, as there are as many as messages: a key is 48 bits of xxh3 (of the linked trace id's bytes, or of the
-- identity), a trace xxHash32 of its id. Where hashes meet, one trace too many is read; it joins nothing.
-- Sorted hashes differ in their low bits alone, which T64 cuts out: half the time of Delta and ZSTD at each insert and
-- merge, for 0.7 bytes a row more.
CREATE TABLE IF NOT EXISTS hop_keys
(
    key UInt64 CODEC(T64),
    trace_ref UInt32 CODEC(NONE),
    -- Of a body's MD5 alone, which many messages may share: when the span began, to tell them apart by time.
    body_start DateTime64(3) CODEC(LZ4),
    day Date CODEC(LZ4)
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(day)
-- The key alone: the search of the index is half of a look-up, and takes a quarter more time with all three.
PRIMARY KEY key
ORDER BY (key, trace_ref, body_start)
TTL day + toIntervalDay({{retention_days}}) + toIntervalDay(1)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, index_granularity = 512;

-- Of the hash's 16 bits that are left out the lowest says whether the identity is a body's MD5: hashes alone are a third
-- cheaper than tuples.
CREATE MATERIALIZED VIEW IF NOT EXISTS hop_keys_view TO hop_keys AS
SELECT
    bitShiftRight(hop, 16) AS key,
    xxHash32(trace_id) AS trace_ref,
    if(bitTest(hop, 0), toDateTime64(start_time, 3), toDateTime64(0, 3)) AS body_start,
    toDate(start_time) AS day
FROM spans
ARRAY JOIN arrayConcat(
    arrayMap(id -> bitAnd(xxh3(id), bitNot(toUInt64(1))), `links.trace_id`),
    arrayMap(k -> bitAnd(xxh3(k), bitNot(toUInt64(1))) + startsWith(k, 'body_md5:'), message_keys),
    if(
        (empty(message_keys) OR message_keys_form >= 2) AND messaging_system != ''
            AND (messaging_message_text != '' OR messaging_message_uuid != toUUID('00000000-0000-0000-0000-000000000000')),
        [bitAnd(xxh3(concat(
            transform(
                messaging_system,
                ['AmazonSQS', 'aws.sqs', 'sqs', 'aws_sns', 'AmazonSNS', 'sns'],
                ['aws_sqs', 'aws_sqs', 'aws_sqs', 'aws.sns', 'aws.sns', 'aws.sns'],
                messaging_system
            ),
            ':',
            if(messaging_message_text != '', messaging_message_text, toString(messaging_message_uuid))
        )), bitNot(toUInt64(1)))],
        []
    )
) AS hop
WHERE notEmpty(`links.trace_id`) OR notEmpty(message_keys) OR messaging_message_text != ''
    OR messaging_message_uuid != toUUID('00000000-0000-0000-0000-000000000000');
