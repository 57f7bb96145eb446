SELECT
    (SELECT position FROM eventlog.head),
    (SELECT count(*) FROM eventlog.event),
    (SELECT coalesce(sum(last_position - first_position + 1), 0)::bigint FROM eventlog.telemetry),
    (SELECT dropped_through FROM eventlog.retention)
