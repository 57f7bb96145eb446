-- as many blocks as it takes to have that many records behind the position, or that many bytes, and no body that is not needed;
-- up to the block that holds the last position that is wanted
SELECT first_position, last_position, format, raw_size, body, coalesce(committed_at, newest_at)
FROM (
    SELECT
        first_position, last_position, format, raw_size, body, committed_at, newest_at,
        sum((last_position - greatest(first_position - 1, $1))::integer) OVER earlier AS records_before,
        sum(raw_size) OVER earlier AS bytes_before
    FROM (
        (
            SELECT first_position, last_position, format, raw_size, body, committed_at, newest_at
            FROM eventlog.telemetry
            WHERE last_position > $1 AND last_position < $4
            ORDER BY last_position
            LIMIT $2
        )
        UNION ALL
        (
            SELECT first_position, last_position, format, raw_size, body, committed_at, newest_at
            FROM eventlog.telemetry
            WHERE last_position > $1 AND last_position >= $4
            ORDER BY last_position
            LIMIT 1
        )
    ) AS candidate
    WINDOW earlier AS (ORDER BY last_position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS block
WHERE coalesce(records_before, 0) < $2 AND coalesce(bytes_before, 0) < $3
ORDER BY last_position
