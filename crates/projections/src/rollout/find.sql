SELECT to_jsonb(t)
FROM rollout t
WHERE organization = $1
  AND ($2::uuid IS NULL OR EXISTS (SELECT FROM rollout_target m WHERE m.rollout = t.id AND m.customer = $2))
  AND id = $3
