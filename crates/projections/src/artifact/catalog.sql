SELECT to_jsonb(repository)
FROM manifest
WHERE organization = $1 AND ($2::text IS NULL OR repository COLLATE "C" > $2 COLLATE "C")
GROUP BY repository
ORDER BY repository COLLATE "C"
LIMIT $3
