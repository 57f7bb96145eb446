SELECT jsonb_build_object('target', m.target, 'application', r.application, 'rollout', r.id)
FROM rollout_target m
JOIN rollout r ON r.id = m.rollout
WHERE m.target = ANY($2) AND m.class IS NULL AND m.in_flight_since IS NULL
  AND r.organization = $1 AND r.ended_at IS NULL
ORDER BY r.created_at, r.id
