-- Invocations of SDKs that name the request's id faas.execution, as it was called before 2023, and say no trigger: the
-- layers of OpenTelemetry for Lambda. Beside such a SERVER span lies a CONSUMER span with a trigger for the event that
-- it took: by its flags its parent runs in its process (bits 8 and 9: known, and not remote), so it is no run of its own.
DROP VIEW IF EXISTS function_minutes_view;

-- As in 005_function_minutes.sql but for the last condition.
CREATE MATERIALIZED VIEW IF NOT EXISTS function_minutes_view TO function_minutes AS
WITH
    toStartOfMinute(toDateTime(start_time)) AS slot,
    toStartOfMinute(now() + toIntervalSecond(44)) AS arrival
SELECT
    arrayJoin([60, 3600, 21600]) AS step_s,
    toDateTime(intDiv(toUInt32(slot), step_s) * step_s) AS minute,
    service_name,
    if(faas_name = '', service_name, faas_name) AS faas_name,
    count() AS invocations,
    countIf(status_code = 2) AS errors,
    countIf(timed_out = 2) AS timeouts,
    countIf(faas_coldstart = 2 AND init_type IN ('', 'on-demand')) AS cold_starts,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_ns / 1e6) AS duration_ms,
    quantilesTDigestIfState(0.5, 0.95)(init_duration_ms, toUInt8(init_duration_ms > 0)) AS init_ms,
    sum(duration_ns / 1e6) AS duration_ms_sum,
    max(memory_used) AS memory_used_max,
    max(faas_max_memory) AS memory_limit_max,
    sum((duration_ns / 1e9) * (faas_max_memory / 1073741824)) AS gb_seconds,
    if(step_s = 60, arrival, toDateTime(4294967295)) AS seen_at
FROM spans
WHERE kind IN (2, 5)
    -- 1: was sent before as timing out and then ended in time. It stays counted as it was announced.
    AND timed_out != 1
    AND (
        faas_invocation_text != '' OR faas_invocation_uuid != toUUID('00000000-0000-0000-0000-000000000000')
        OR (faas_trigger != '' AND NOT (kind = 5 AND bitAnd(flags, 768) = 256))
        OR attributes_string['faas.execution'] != ''
    )
GROUP BY slot, arrival, service_name, faas_name;
