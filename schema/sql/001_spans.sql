-- Spans, one row each. A promoted column holds an attribute whenever it can hold the value without loss
-- ('' and 0 mean absent); any other value, and any other attribute, stays in the typed maps, so nothing is lost.
-- Sorted by hour and trace: the rows of a flow lie together, which reads fast and packs best (docs/decisions).
CREATE TABLE IF NOT EXISTS spans
(
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(ZSTD(1)),
    parent_span_id FixedString(8) CODEC(ZSTD(1)),
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
    -- Copies out of the resource for queries.
    service_name LowCardinality(String) CODEC(ZSTD(1)),
    service_version LowCardinality(String) CODEC(ZSTD(1)),
    deployment_environment LowCardinality(String) CODEC(ZSTD(1)),
    cloud_platform LowCardinality(String) CODEC(ZSTD(1)),
    cloud_region LowCardinality(String) CODEC(ZSTD(1)),
    faas_name LowCardinality(String) CODEC(ZSTD(1)),
    faas_version LowCardinality(String) CODEC(ZSTD(1)),
    faas_instance String CODEC(ZSTD(1)),
    faas_max_memory UInt64 CODEC(ZSTD(1)),

    -- Promoted attributes.
    faas_trigger LowCardinality(String) CODEC(ZSTD(1)),
    faas_invocation_id String CODEC(ZSTD(1)),
    -- 0 absent, 1 false, 2 true.
    faas_coldstart UInt8 CODEC(ZSTD(1)),
    init_type LowCardinality(String) CODEC(ZSTD(1)),
    init_duration_ms Float64 CODEC(ZSTD(1)),
    memory_used UInt64 CODEC(ZSTD(1)),
    timed_out UInt8 CODEC(ZSTD(1)),
    error_type LowCardinality(String) CODEC(ZSTD(1)),
    messaging_system LowCardinality(String) CODEC(ZSTD(1)),
    messaging_operation_type LowCardinality(String) CODEC(ZSTD(1)),
    messaging_operation_name LowCardinality(String) CODEC(ZSTD(1)),
    messaging_destination_name LowCardinality(String) CODEC(ZSTD(1)),
    messaging_message_id String CODEC(ZSTD(1)),
    messaging_batch_message_count UInt32 CODEC(ZSTD(1)),
    message_sent_ms UInt64 CODEC(ZSTD(1)),
    message_receive_count UInt32 CODEC(ZSTD(1)),
    http_request_method LowCardinality(String) CODEC(ZSTD(1)),
    http_route LowCardinality(String) CODEC(ZSTD(1)),
    http_response_status_code UInt16 CODEC(ZSTD(1)),
    url_path String CODEC(ZSTD(1)),
    server_address LowCardinality(String) CODEC(ZSTD(1)),
    rpc_service LowCardinality(String) CODEC(ZSTD(1)),
    rpc_method LowCardinality(String) CODEC(ZSTD(1)),
    -- hopscope.message.keys where the span has it, else derived from its messaging attributes, links and events.
    message_keys Array(String) CODEC(ZSTD(1)),
    message_keys_derived UInt8 CODEC(ZSTD(1)),

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
    `links.flags` Array(UInt32) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(start_time)
ORDER BY (toStartOfHour(start_time), trace_id, start_time)
TTL toDateTime(start_time) + toIntervalDay({{retention_days}})
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
