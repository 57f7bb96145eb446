-- Behind the head, whose lock this transaction holds, and behind so many facts of the same batch.
INSERT INTO eventlog.telemetry (id, first_position, last_position, newest_at, format, raw_size, body, committed_at)
SELECT
    $1::uuid,
    head.position + $2::bigint + 1,
    head.position + $2::bigint + $3::bigint,
    $4::timestamptz,
    $5::smallint,
    $6::integer,
    $7::bytea,
    greatest(head.committed_at, clock_timestamp())
FROM eventlog.head
