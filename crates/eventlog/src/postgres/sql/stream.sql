-- up to the one with which they have that many bytes; what is behind it is not fetched
SELECT
    position, previous, category, stream, revision, id, event_type, schema_version, organization, actor, causation,
    correlation, recorded_at, coalesce(committed_at, recorded_at), payload
FROM (
    SELECT
        *,
        sum(octet_length(payload)) OVER (ORDER BY revision ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM (
        SELECT *
        FROM eventlog.event
        WHERE category = $1 AND stream = $2 AND revision >= $3
        ORDER BY revision
        LIMIT $4
    ) AS candidate
) AS event
WHERE coalesce(bytes_before, 0) < $5
ORDER BY revision
