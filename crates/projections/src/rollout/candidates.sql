-- each deployment of an application, with what a rollout has to know of its target
SELECT jsonb_build_object(
    'target', t.id,
    'target_name', t.name,
    'customer', t.customer,
    'labels', t.labels,
    'customer_labels', t.customer_labels,
    'is_retired', t.retired_at IS NOT NULL,
    'heard_at', h.heard_at,
    'generation', d.generation,
    'license', d.desired -> 'license',
    'phase', d.phase,
    'phase_since', d.phase_since,
    'step', d.step,
    'error_category', d.error_category,
    'error', d.error,
    'running', d.running_version,
    'previous', (
        SELECT g.version
        FROM generation g
        WHERE g.deployment = d.id AND g.done_at IS NOT NULL AND g.version IS NOT NULL
          AND g.version IS DISTINCT FROM d.running_version
        ORDER BY g.generation DESC
        LIMIT 1
    ),
    'is_busy', EXISTS (
        SELECT FROM deployment other WHERE other.target = t.id AND other.phase IN ('progressing', 'removing')
    ),
    'wish', (
        SELECT jsonb_build_object('version', g.version, 'attempt', g.attempt, 'generation', g.generation)
        FROM generation g
        WHERE g.deployment = d.id AND g.rollout = $3
        ORDER BY g.generation DESC
        LIMIT 1
    ),
    'claims', (
        SELECT jsonb_agg(jsonb_build_object(
            'rollout', r.id, 'version', r.version, 'in_flight', m.in_flight_since IS NOT NULL))
        FROM rollout_target m
        JOIN rollout r ON r.id = m.rollout
        WHERE m.target = t.id AND m.class IS NULL AND r.application = d.application AND r.id <> $3
          AND r.started_at IS NOT NULL AND r.ended_at IS NULL
    )
)
FROM deployment d
JOIN target t ON t.id = d.target
LEFT JOIN heartbeat h ON h.id = t.id
WHERE d.organization = $1 AND d.application = $2
