-- The map's edges of SDKs before the conventions of 2024, which call a destination otherwise (schema/older-names.ts): a
-- view of its own, as looking these names up in every span takes half of the time that 011_map_minutes.sql takes.
CREATE MATERIALIZED VIEW IF NOT EXISTS map_minutes_of_older_names_view TO map_minutes AS
WITH
    toStartOfMinute(toDateTime(start_time)) AS slot,
    if(
        attributes_string['messaging.source.name'] != '',
        attributes_string['messaging.source.name'],
        attributes_string['messaging.destination']
    ) AS destination,
    attributes_string['messaging.operation'] AS operation,
    multiIf(
        kind = 4 OR operation IN ('send', 'publish') OR messaging_operation_type IN ('send', 'create', 'publish'), 'publish',
        kind = 5 AND operation != 'receive' AND messaging_operation_type IN ('process', ''), 'receive',
        ''
    ) AS edge
SELECT
    arrayJoin([60, 3600, 21600]) AS step_s,
    toDateTime(intDiv(toUInt32(slot), step_s) * step_s) AS minute,
    edge AS edge_kind,
    service_name,
    if(older.faas_name = '', service_name, older.faas_name) AS faas_name,
    messaging_system AS peer_system,
    destination AS peer_name,
    count() AS spans,
    countIf(status_code = 2) AS errors,
    quantilesTDigestState(0.5, 0.95)(duration_ns / 1e6) AS duration_ms
FROM (SELECT * FROM spans WHERE messaging_destination_name = '' AND messaging_system != '' AND kind IN (3, 4, 5)) AS older
WHERE destination != '' AND edge != ''
GROUP BY slot, edge, service_name, faas_name, peer_system, peer_name;
