SELECT wanted.number, latest.revision
FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS wanted (category, stream, number)
CROSS JOIN LATERAL (
    SELECT event.revision
    FROM eventlog.event
    WHERE event.stream = wanted.stream AND event.category = wanted.category
    ORDER BY event.stream DESC, event.category DESC, event.revision DESC
    LIMIT 1
) AS latest
