SELECT to_jsonb(t)
FROM organization t
WHERE id = $1
