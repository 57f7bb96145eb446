SELECT name, id, to_jsonb(t)
FROM rollout_policy t
WHERE organization = $1
  AND $2::uuid IS NULL
  AND ($3::text IS NULL OR (name, id) > ($3, $4::uuid))
ORDER BY name, id
LIMIT $5
