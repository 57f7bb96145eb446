SELECT to_jsonb(t)
FROM tag t
WHERE organization = $1 AND repository = ANY($2)
ORDER BY repository, name
