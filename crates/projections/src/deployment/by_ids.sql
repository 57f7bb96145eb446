SELECT to_jsonb(t)
FROM deployment t
WHERE organization = $1 AND id = ANY($2)
