SELECT to_jsonb(t)
FROM token t
WHERE organization = $1 AND member = ANY($2)
ORDER BY created_at, id
