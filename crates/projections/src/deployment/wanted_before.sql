SELECT to_jsonb(version)
FROM generation
WHERE deployment = $1 AND rollout IS DISTINCT FROM $2 AND version IS NOT NULL
ORDER BY generation DESC
LIMIT 1
