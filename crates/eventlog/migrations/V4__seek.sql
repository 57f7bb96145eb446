-- The last position that was committed by then, found by halving among facts and then among the telemetry up to the next one: some
-- twenty steps in an index each, however long the log is and however much telemetry stands between two facts.
CREATE OR REPLACE FUNCTION eventlog.seek(instant timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    found record;
BEGIN
    SELECT last_fact INTO high FROM eventlog.head;
    WHILE low < high LOOP
        middle := low + (high - low) / 2;
        SELECT position, coalesce(committed_at, recorded_at) AS at INTO found
        FROM eventlog.event WHERE position > middle ORDER BY position LIMIT 1;
        IF found.at <= instant THEN
            low := found.position;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    -- behind that fact there may be telemetry, up to the next one or the end of the log
    SELECT coalesce(
        (SELECT min(position) - 1 FROM eventlog.event WHERE position > low), (SELECT position FROM eventlog.head)
    ) INTO high;
    WHILE low < high LOOP
        middle := low + (high - low) / 2;
        SELECT last_position AS position, coalesce(committed_at, newest_at) AS at INTO found
        FROM eventlog.telemetry WHERE last_position > middle ORDER BY last_position LIMIT 1;
        IF found.position <= high AND found.at <= instant THEN
            low := found.position;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN low;
END;
$$;
