SELECT
    position, previous, category, stream, revision, id, event_type, schema_version, organization, actor, causation,
    correlation, recorded_at, coalesce(committed_at, recorded_at), payload
FROM eventlog.event
WHERE id = $1
