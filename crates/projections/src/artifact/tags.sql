-- In lexical order as the distribution specification means it: without regard to case.
SELECT to_jsonb(t)
FROM tag t
WHERE organization = $1 AND repository = $2
  AND ($3::text IS NULL OR (lower(name), name) > (lower($3 COLLATE "C"), $3 COLLATE "C"))
ORDER BY lower(name), name
LIMIT $4
