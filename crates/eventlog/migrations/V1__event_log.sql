-- The event log: facts and telemetry in one dense space of positions.

-- The end of the log. One row; its lock is held from before a position is given until the transaction that uses it is
-- visible, so that positions are dense and in commit order.
CREATE TABLE eventlog.head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL,
    last_fact bigint NOT NULL,
    CHECK (last_fact BETWEEN 0 AND position)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

INSERT INTO eventlog.head (position, last_fact) VALUES (0, 0);

-- The facts, one row each, for ever. `previous` is the position of the fact before: a lost fact is visible even where
-- telemetry was dropped around it. The payload is JSON as it was given, byte by byte.
CREATE TABLE eventlog.event (
    position bigint PRIMARY KEY,
    previous bigint NOT NULL CHECK (previous < position),
    category text NOT NULL,
    stream uuid NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 0),
    id uuid NOT NULL UNIQUE,
    event_type text NOT NULL,
    schema_version integer NOT NULL,
    organization uuid NOT NULL,
    actor text NOT NULL,
    causation uuid,
    correlation uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload bytea NOT NULL,
    UNIQUE (stream, category, revision)
);

-- Telemetry, a row for each batch. The row owns the positions from first to last; its body is a compressed block of
-- records. Partitioned by day (in UTC), so that retention drops tables.
CREATE TABLE eventlog.telemetry (
    id uuid NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL CHECK (last_position >= first_position),
    newest_at timestamptz NOT NULL,
    format smallint NOT NULL,
    raw_size integer NOT NULL,
    body bytea NOT NULL,
    UNIQUE (last_position, newest_at)
) PARTITION BY RANGE (newest_at);

-- compressed already
ALTER TABLE eventlog.telemetry ALTER COLUMN body SET STORAGE EXTERNAL;

-- What finds no day of its own is still kept.
CREATE TABLE eventlog.telemetry_default PARTITION OF eventlog.telemetry DEFAULT;

-- Up to where telemetry may be missing. One row.
CREATE TABLE eventlog.retention (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    dropped_through bigint NOT NULL
);

INSERT INTO eventlog.retention (dropped_through) VALUES (0);

CREATE FUNCTION eventlog.create_telemetry_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := 'telemetry_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('eventlog.telemetry', 0));
    IF to_regclass('eventlog.' || partition) IS NOT NULL THEN
        RETURN;
    END IF;
    -- attached rather than created in place: that would lock the whole table against its readers
    EXECUTE format('CREATE TABLE eventlog.%I (LIKE eventlog.telemetry INCLUDING ALL)', partition);
    EXECUTE format(
        'ALTER TABLE eventlog.telemetry ATTACH PARTITION eventlog.%I FOR VALUES FROM (%L) TO (%L)',
        partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
    );
END;
$$;

-- Drops the days that ended by then, and says up to which position telemetry may be missing now.
CREATE FUNCTION eventlog.drop_telemetry(before timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    partition text;
    newest bigint;
    dropped bigint := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('eventlog.telemetry', 0));
    LOCK TABLE eventlog.telemetry IN ACCESS EXCLUSIVE MODE;
    FOR partition IN
        SELECT day.relname
        FROM pg_inherits
        JOIN pg_class AS day ON day.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'eventlog.telemetry'::regclass
            AND day.relname ~ '^telemetry_[0-9]{8}$'
            AND (to_date(right(day.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' <= before
    LOOP
        EXECUTE format('SELECT max(last_position) FROM eventlog.%I', partition) INTO newest;
        EXECUTE format('DROP TABLE eventlog.%I', partition);
        dropped := greatest(dropped, newest);
    END LOOP;
    WITH stray AS (
        DELETE FROM eventlog.telemetry_default WHERE newest_at < before RETURNING last_position
    )
    SELECT max(last_position) INTO newest FROM stray;
    UPDATE eventlog.retention
    SET dropped_through = greatest(dropped_through, dropped, newest)
    RETURNING dropped_through INTO dropped;
    RETURN dropped;
END;
$$;

-- A second line of defence; the first is that no code does it.
CREATE FUNCTION eventlog.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of eventlog.% is refused: the log is only appended to', TG_OP, TG_TABLE_NAME;
END;
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON eventlog.event
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();

CREATE TRIGGER refuse_change BEFORE UPDATE ON eventlog.telemetry
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();

CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON eventlog.head
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();
