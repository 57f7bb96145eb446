-- Behind the head, whose lock this transaction holds. What must follow an event that is not there gets a revision that the
-- table refuses.
WITH head AS MATERIALIZED (
    -- one moment for all
    SELECT position, last_fact, greatest(committed_at, clock_timestamp()) AS committed_at FROM eventlog.head
)
INSERT INTO eventlog.event (
    position, previous, category, stream, revision, id, event_type, schema_version, organization, actor, causation,
    correlation, recorded_at, payload, committed_at
)
SELECT
    head.position + fact.number,
    CASE fact.number WHEN 1 THEN head.last_fact ELSE head.position + fact.number - 1 END,
    fact.category,
    fact.stream,
    CASE WHEN fact.follows AND before.revision IS NULL THEN -1 ELSE fact.revision END,
    fact.id,
    fact.event_type,
    fact.schema_version,
    fact.organization,
    fact.actor,
    fact.causation,
    fact.correlation,
    fact.recorded_at,
    fact.payload,
    head.committed_at
FROM head
CROSS JOIN unnest(
    $1::boolean[], $2::text[], $3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::integer[], $8::uuid[], $9::text[],
    $10::uuid[], $11::uuid[], $12::timestamptz[], $13::bytea[]
) WITH ORDINALITY AS fact (
    follows, category, stream, revision, id, event_type, schema_version, organization, actor, causation, correlation,
    recorded_at, payload, number
)
-- one step in the index for each: as a plain EXISTS it may be planned as a hash of all events
LEFT JOIN LATERAL (
    SELECT before.revision
    FROM eventlog.event AS before
    WHERE fact.follows
        AND before.stream = fact.stream AND before.category = fact.category AND before.revision = fact.revision - 1
    LIMIT 1
) AS before ON true
