SELECT to_jsonb(t)
FROM heartbeat t
WHERE organization = $1 AND id = ANY($2)
