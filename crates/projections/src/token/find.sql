SELECT to_jsonb(t)
FROM token t
WHERE organization = $1 AND id = $2
