-- Whole minutes from the start of a span's minute to the first alert evaluation that can see it: what `seen_at` is to
-- the rollups (020_alert_seen_at.sql), for rules that read spans. As a difference it is nearly always 1, and packs away.
-- No writer gives it: the default is the insert's own clock.
ALTER TABLE spans
    ADD COLUMN IF NOT EXISTS seen_after UInt16 DEFAULT toUInt16(least(65535, greatest(0, intDiv(
        toInt64(toUInt32(toStartOfMinute(now() + toIntervalSecond(44))))
            - toInt64(toUInt32(toStartOfMinute(toDateTime(start_time)))),
        60
    )))) CODEC(ZSTD(1));
