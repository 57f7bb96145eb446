SELECT jsonb_build_object(
    'rollout', t.rollout,
    'wave', t.wave,
    'waiting', count(*) FILTER (WHERE t.class IS NULL AND t.in_flight_since IS NULL AND r.ended_at IS NULL),
    'in_flight', count(*) FILTER (WHERE t.in_flight_since IS NOT NULL AND r.ended_at IS NULL),
    'succeeded', count(*) FILTER (WHERE t.class = 'succeeded'),
    'failed', count(*) FILTER (WHERE t.class = 'failed'),
    'lost', count(*) FILTER (WHERE t.class = 'lost'),
    'apart', count(*) FILTER (
        WHERE t.class NOT IN ('succeeded', 'failed', 'lost') OR (t.class IS NULL AND r.ended_at IS NOT NULL))
)
FROM rollout_target t
JOIN rollout r ON r.id = t.rollout
WHERE t.organization = $1 AND ($2::uuid IS NULL OR t.customer = $2) AND t.rollout = ANY($3)
GROUP BY t.rollout, t.wave
ORDER BY t.rollout, t.wave
