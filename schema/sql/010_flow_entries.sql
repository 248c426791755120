-- Spans that may begin a flow though they name a parent: the caller sends its spans elsewhere, or they were lost.
-- The list looks whether a trace has what they name; most have, and then the row leads to the trace's real origin.
CREATE MATERIALIZED VIEW IF NOT EXISTS flow_entries_view TO flow_origins AS
SELECT trace_id, span_id, start_time, service_name, faas_name, name, kind
FROM spans
WHERE parent_span_id != toFixedString('', 8) AND kind IN (2, 5);
