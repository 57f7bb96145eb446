-- as many as it takes to have that many bytes, and no payload that is not needed
SELECT
    position, previous, category, stream, revision, id, event_type, schema_version, organization, actor, causation,
    correlation, recorded_at, coalesce(committed_at, recorded_at), payload
FROM (
    SELECT
        *,
        sum(octet_length(payload)) OVER (
            ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
    FROM (
        SELECT * FROM eventlog.event WHERE position > $1 AND position <= $4 ORDER BY position LIMIT $2
    ) AS candidate
) AS fact
WHERE coalesce(before, 0) < $3
ORDER BY position
