SELECT to_jsonb(t)
FROM rollout_target t
ORDER BY rollout, id
