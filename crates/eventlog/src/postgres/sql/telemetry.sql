-- as many blocks as it takes to have that many records behind the position, and no body that is not needed
SELECT first_position, last_position, format, raw_size, body
FROM (
    SELECT
        first_position, last_position, format, raw_size, body,
        sum(last_position - greatest(first_position - 1, $1)) OVER (
            ORDER BY last_position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
    FROM (
        SELECT first_position, last_position, format, raw_size, body
        FROM eventlog.telemetry
        WHERE last_position > $1
        ORDER BY last_position
        LIMIT $2
    ) AS candidate
) AS block
WHERE coalesce(before, 0) < $2
ORDER BY last_position
