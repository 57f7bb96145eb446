SELECT to_jsonb(t)
FROM target t
WHERE organization = $1 AND id = ANY($2)
