SELECT to_jsonb(t)
FROM manifest t
WHERE organization = $1 AND repository = $2 AND digest = $3
