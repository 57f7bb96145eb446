SELECT to_jsonb(t)
FROM member t
WHERE organization = $1 AND ($2::uuid IS NULL OR customer = $2) AND id = $3
