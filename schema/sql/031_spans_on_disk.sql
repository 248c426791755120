-- What most spans have not costs an offset where there is one, from a third of absent values on; and lengths of texts
-- lie with the texts, as they pack better there. Measured in docs/decisions/0008-schema-by-measurement.md.
ALTER TABLE spans
    MODIFY SETTING ratio_of_defaults_for_sparse_serialization = 0.3,
        propagate_types_serialization_versions_to_nested_types = 0,
        -- Counting the different values of every column takes a tenth of an insert, and no query is planned by it.
        auto_statistics_types = '';

-- Nearly the same in all spans of a block.
ALTER TABLE spans MODIFY COLUMN faas_max_memory UInt64 CODEC(T64, ZSTD(1));
