SELECT to_jsonb(t)
FROM customer t
WHERE organization = $1 AND ($2::uuid IS NULL OR id = $2) AND id = $3
