-- When an entry became part of the log, by the clock of the database, under the lock of the head: never less than that of the
-- entry before it, whatever clocks the hubs have. Entries from before this version have none.

ALTER TABLE eventlog.head ADD COLUMN committed_at timestamptz NOT NULL DEFAULT '-infinity';

ALTER TABLE eventlog.event ADD COLUMN committed_at timestamptz;
ALTER TABLE eventlog.telemetry ADD COLUMN committed_at timestamptz;
-- of what hubs of the version before this one append meanwhile
ALTER TABLE eventlog.event ALTER COLUMN committed_at SET DEFAULT clock_timestamp();
ALTER TABLE eventlog.telemetry ALTER COLUMN committed_at SET DEFAULT clock_timestamp();

-- Which log this is. One row, made with the log and restored with it.
CREATE TABLE eventlog.identity (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id uuid NOT NULL
);

INSERT INTO eventlog.identity (id) VALUES (gen_random_uuid());

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON eventlog.identity
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();

-- The last position that was committed by then. Times rise with positions, so that it is found by halving: some twenty steps in
-- the index, however long the log is.
CREATE FUNCTION eventlog.seek(instant timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    found record;
    next_fact bigint;
    block bigint;
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
    -- behind that fact there may be telemetry, up to the next one
    SELECT position INTO next_fact FROM eventlog.event WHERE position > low ORDER BY position LIMIT 1;
    SELECT last_position INTO block
    FROM eventlog.telemetry
    WHERE last_position > low AND last_position < coalesce(next_fact, 9223372036854775807)
        AND coalesce(committed_at, newest_at) <= instant
    ORDER BY last_position DESC LIMIT 1;
    RETURN greatest(low, block);
END;
$$;
