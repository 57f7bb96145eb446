SELECT to_jsonb(t)
FROM rollout_policy t
WHERE organization = $1 AND $2::uuid IS NULL AND id = $3
