SELECT lpad(t.wave::text, 3, '0'), t.id, to_jsonb(t) || jsonb_build_object(
    'class', coalesce(t.class, CASE r.phase WHEN 'aborted' THEN 'cancelled' WHEN 'superseded' THEN 'superseded' END),
    'in_flight_since', CASE WHEN r.ended_at IS NULL THEN t.in_flight_since END,
    'settled_at', coalesce(t.settled_at, r.ended_at)
)
FROM rollout_target t
JOIN rollout r ON r.id = t.rollout
WHERE t.organization = $1
  AND ($2::uuid IS NULL OR t.customer = $2)
  AND ($3::text IS NULL OR (lpad(t.wave::text, 3, '0'), t.id) > ($3, $4::uuid))
  AND t.rollout = $6
  AND ($7::bigint IS NULL OR t.wave = $7)
ORDER BY lpad(t.wave::text, 3, '0'), t.id
LIMIT $5
