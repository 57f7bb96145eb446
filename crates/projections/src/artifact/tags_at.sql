SELECT to_jsonb(t)
FROM tag t
WHERE organization = $1 AND repository = $2 AND digest = $3
ORDER BY name
