INSERT INTO eventlog.event (
    position, previous, category, stream, revision, id, event_type, schema_version, organization, actor, causation,
    correlation, recorded_at, payload
)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::uuid[], $5::bigint[], $6::uuid[], $7::text[], $8::integer[],
    $9::uuid[], $10::text[], $11::uuid[], $12::uuid[], $13::timestamptz[], $14::bytea[]
)
