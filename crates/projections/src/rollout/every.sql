SELECT to_jsonb(t)
FROM rollout t
ORDER BY id
