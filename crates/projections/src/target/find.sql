SELECT to_jsonb(t)
FROM target t
WHERE organization = $1 AND ($2::uuid IS NULL OR customer = $2) AND id = $3
