-- Spans, one row each. A promoted column holds an attribute whenever it can hold the value without loss
-- ('' and 0 mean absent); any other value, and any other attribute, stays in the typed maps, so nothing is lost.
-- Sorted by slots of 15 seconds and trace: the rows of a flow lie together, and those of a page of flows near them,
-- which reads fast and packs best (docs/decisions/0012-lists-read-narrow.md).
-- Each column costs on every insert, merge and read of a flow: what few spans have, or the resource says, has none.
CREATE TABLE IF NOT EXISTS spans
(
    trace_id FixedString(16) CODEC(ZSTD(1)),
    -- The span's id and its parent's, which is all zeros where there is none: as one column, as a parent repeats an id
    -- that lies near, which is found where both lie together.
    span_ids FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) ALIAS toFixedString(substring(span_ids, 1, 8), 8),
    parent_span_id FixedString(8) ALIAS toFixedString(substring(span_ids, 9, 8), 8),
    start_time DateTime64(9) CODEC(Delta, ZSTD(1)),
    duration_ns UInt64 CODEC(T64, ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    kind UInt8 CODEC(ZSTD(1)),
    status_code UInt8 CODEC(ZSTD(1)),
    status_message String CODEC(ZSTD(1)),
    trace_state String CODEC(ZSTD(1)),
    -- What few spans say, as members of OTLP/JSON's Span: startTimeUnixNano as sent where start_time was clamped (one
    -- wild clock must not reject a block), endTimeUnixNano where it is before the start, and the dropped_*_count.
    rest String CODEC(ZSTD(1)),
    flags UInt32 CODEC(ZSTD(1)),

    -- The resource and the scope whole, as OTLP/JSON with their schema_url: few values, so a dictionary holds them.
    resource LowCardinality(String) CODEC(ZSTD(1)),
    scope LowCardinality(String) CODEC(ZSTD(1)),
    -- Copies out of the resource, for rollups and the commonest filters.
    service_name LowCardinality(String) CODEC(ZSTD(1)),
    faas_name LowCardinality(String) CODEC(ZSTD(1)),
    faas_max_memory UInt64 CODEC(ZSTD(1)),
    -- Not stored: worked out once for each entry of the dictionary.
    service_version LowCardinality(String)
        ALIAS extract(resource, '"key":"service\\.version","value":\\{"stringValue":"([^"]*)'),
    deployment_environment LowCardinality(String)
        ALIAS extract(resource, '"key":"deployment\\.environment\\.name","value":\\{"stringValue":"([^"]*)'),
    cloud_platform LowCardinality(String)
        ALIAS extract(resource, '"key":"cloud\\.platform","value":\\{"stringValue":"([^"]*)'),
    cloud_region LowCardinality(String)
        ALIAS extract(resource, '"key":"cloud\\.region","value":\\{"stringValue":"([^"]*)'),
    faas_version LowCardinality(String)
        ALIAS extract(resource, '"key":"faas\\.version","value":\\{"stringValue":"([^"]*)'),
    faas_instance LowCardinality(String)
        ALIAS extract(resource, '"key":"faas\\.instance","value":\\{"stringValue":"([^"]*)'),

    -- Promoted attributes.
    faas_trigger LowCardinality(String) CODEC(ZSTD(1)),
    -- A UUID in lower case is in the first, any other text in the second.
    faas_invocation_uuid UUID CODEC(ZSTD(1)),
    faas_invocation_text String CODEC(ZSTD(1)),
    faas_invocation_id String ALIAS if(
        faas_invocation_text != '' OR faas_invocation_uuid = toUUID('00000000-0000-0000-0000-000000000000'),
        faas_invocation_text,
        toString(faas_invocation_uuid)
    ),
    -- 0 absent, 1 false, 2 true.
    faas_coldstart UInt8 CODEC(ZSTD(1)),
    init_type LowCardinality(String) CODEC(ZSTD(1)),
    init_duration_ms Float64 CODEC(ZSTD(1)),
    memory_used UInt64 CODEC(ZSTD(1)),
    timed_out UInt8 CODEC(ZSTD(1)),
    error_type LowCardinality(String) CODEC(ZSTD(1)),
    messaging_system LowCardinality(String) CODEC(ZSTD(1)),
    messaging_operation_type LowCardinality(String) CODEC(ZSTD(1)),
    messaging_destination_name LowCardinality(String) CODEC(ZSTD(1)),
    messaging_message_uuid UUID CODEC(ZSTD(1)),
    messaging_message_text String CODEC(ZSTD(1)),
    messaging_message_id String ALIAS if(
        messaging_message_text != '' OR messaging_message_uuid = toUUID('00000000-0000-0000-0000-000000000000'),
        messaging_message_text,
        toString(messaging_message_uuid)
    ),
    messaging_batch_message_count UInt32 CODEC(ZSTD(1)),
    message_sent_ms UInt64 CODEC(Delta, ZSTD(1)),
    message_receive_count UInt32 CODEC(ZSTD(1)),
    http_request_method LowCardinality(String) CODEC(ZSTD(1)),
    http_route LowCardinality(String) CODEC(ZSTD(1)),
    http_response_status_code UInt16 CODEC(ZSTD(1)),
    url_path String CODEC(ZSTD(1)),
    server_address LowCardinality(String) CODEC(ZSTD(1)),
    -- hopscope.message.keys where the span has it, else derived from its messaging attributes, links and events. The key
    -- that messaging_system and messaging_message_id make is left out where it comes first (003_hop_keys.sql).
    message_keys Array(String) CODEC(ZSTD(1)),
    -- Sum of 1: derived, and not an attribute of the span; 2: begins with that key, which is left out.
    message_keys_form UInt8 CODEC(ZSTD(1)),

    -- The rest, by type. attributes_json holds arrays, maps, bytes and empty values as OTLP/JSON AnyValue.
    attributes_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attributes_int Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attributes_double Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attributes_bool Map(LowCardinality(String), UInt8) CODEC(ZSTD(1)),
    attributes_json Map(LowCardinality(String), String) CODEC(ZSTD(1)),

    -- attributes: OTLP/JSON list of KeyValue.
    `events.time_unix_nano` Array(UInt64) CODEC(ZSTD(1)),
    `events.name` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `events.attributes` Array(String) CODEC(ZSTD(1)),
    `events.dropped_attributes_count` Array(UInt32) CODEC(ZSTD(1)),
    `links.trace_id` Array(FixedString(16)) CODEC(ZSTD(1)),
    `links.span_id` Array(FixedString(8)) CODEC(ZSTD(1)),
    `links.trace_state` Array(String) CODEC(ZSTD(1)),
    `links.attributes` Array(String) CODEC(ZSTD(1)),
    `links.dropped_attributes_count` Array(UInt32) CODEC(ZSTD(1)),
    `links.flags` Array(UInt32) CODEC(ZSTD(1)),

    -- Whole minutes from the start of a span's minute to the first alert evaluation that can see it: what `seen_at` is
    -- to the rollups (005_function_minutes.sql), for rules that read spans. As a difference it is nearly always 1. No
    -- writer gives it: the default is the insert's own clock.
    seen_after UInt16 DEFAULT toUInt16(least(65535, greatest(0, intDiv(
        toInt64(toUInt32(toStartOfMinute(now() + toIntervalSecond(44))))
            - toInt64(toUInt32(toStartOfMinute(toDateTime(start_time)))),
        60
    )))) CODEC(ZSTD(1)),

    -- For searches by a value that few spans have (an order, a customer, a request): a filter for each granule says
    -- where it cannot be, so that only the others are read. Of ids that are UUIDs the bytes: their texts would be made and
    -- sorted for it on every insert.
    INDEX attribute_values mapValues(attributes_string) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX invocation_uuids faas_invocation_uuid TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX invocation_texts faas_invocation_text TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX message_uuids messaging_message_uuid TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX message_texts messaging_message_text TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(start_time)
ORDER BY (intDiv(toUInt32(toDateTime(start_time)), 15), trace_id, start_time)
TTL toDateTime(start_time) + toIntervalDay({{retention_days}})
-- A granule holds a few hundred traces, as most reads want one. A row is merged once for every sixteenfold growth of
-- its part, no more often: merging costs more than inserting.
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, index_granularity = 2048,
    min_parts_to_merge_at_once = 16;
