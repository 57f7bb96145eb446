SELECT to_jsonb(t)
FROM application t
WHERE organization = $1 AND id = ANY($2)
