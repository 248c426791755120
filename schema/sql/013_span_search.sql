-- For searches by a value that few spans have (an order, a customer, a request): a filter for each granule says
-- where it cannot be, so that only the others are read.
ALTER TABLE spans
    ADD INDEX IF NOT EXISTS attribute_values mapValues(attributes_string) TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS invocation_ids faas_invocation_id TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS message_ids messaging_message_id TYPE bloom_filter(0.01) GRANULARITY 1;
