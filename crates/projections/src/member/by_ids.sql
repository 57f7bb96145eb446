SELECT to_jsonb(t)
FROM member t
WHERE organization = $1 AND id = ANY($2)
