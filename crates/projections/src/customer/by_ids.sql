SELECT to_jsonb(t)
FROM customer t
WHERE organization = $1 AND id = ANY($2)
