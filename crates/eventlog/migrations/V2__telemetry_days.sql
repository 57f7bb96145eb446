-- Days of telemetry are made ahead of need, beside the writers, and by nobody who waits: a transaction that merely reads
-- telemetry, such as a backup's, keeps the default partition from being looked through.

-- Answers with `there`, `made`, or `default`: telemetry of the day lies in the default partition already, and the rest of the
-- day goes there, too. Where a lock is not to be had at once, it fails, and is to be called again.
CREATE FUNCTION eventlog.make_telemetry_day(day date) RETURNS text LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
    partition text := 'telemetry_' || to_char(day, 'YYYYMMDD');
    begins timestamptz := day::timestamp AT TIME ZONE 'UTC';
    ends timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('eventlog.telemetry', 0));
    IF to_regclass('eventlog.' || partition) IS NOT NULL THEN
        RETURN 'there';
    END IF;
    IF EXISTS (SELECT FROM eventlog.telemetry_default WHERE newest_at >= begins AND newest_at < ends) THEN
        RETURN 'default';
    END IF;
    -- attached rather than created in place: that would lock the whole table against its readers
    EXECUTE format('CREATE TABLE eventlog.%I (LIKE eventlog.telemetry INCLUDING ALL)', partition);
    EXECUTE format(
        'ALTER TABLE eventlog.telemetry ATTACH PARTITION eventlog.%I FOR VALUES FROM (%L) TO (%L)',
        partition, begins, ends
    );
    RETURN 'made';
EXCEPTION
    -- it came between the look and the lock
    WHEN check_violation THEN RETURN 'default';
END;
$$;

-- What hubs before this version call while they append: now it makes nobody wait, and fails nobody.
CREATE OR REPLACE FUNCTION eventlog.create_telemetry_day(day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eventlog.make_telemetry_day(day);
EXCEPTION
    WHEN lock_not_available THEN NULL;
END;
$$;
