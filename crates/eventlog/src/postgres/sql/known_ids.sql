SELECT id, category, stream, revision, position FROM eventlog.event WHERE id = ANY($1::uuid[])
