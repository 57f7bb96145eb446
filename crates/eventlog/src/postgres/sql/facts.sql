SELECT
    position, previous, category, stream, revision, id, event_type, schema_version, organization, actor, causation,
    correlation, recorded_at, payload
FROM eventlog.event
WHERE position > $1
ORDER BY position
LIMIT $2
