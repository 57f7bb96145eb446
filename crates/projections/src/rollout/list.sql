SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), id, to_jsonb(t)
FROM rollout t
WHERE organization = $1
  AND ($2::uuid IS NULL OR EXISTS (SELECT FROM rollout_target m WHERE m.rollout = t.id AND m.customer = $2))
  AND ($3::text IS NULL OR (created_at, id) < ($3::timestamp AT TIME ZONE 'UTC', $4::uuid))
  AND ($6::uuid IS NULL OR application = $6)
  AND ($7::boolean IS NULL OR (ended_at IS NULL) = $7)
ORDER BY created_at DESC, id DESC
LIMIT $5
