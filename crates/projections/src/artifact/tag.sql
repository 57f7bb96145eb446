SELECT to_jsonb(t)
FROM tag t
WHERE organization = $1 AND repository = $2 AND name = $3
