SELECT to_jsonb(t)
FROM manifest t
WHERE organization = $1 AND repository = $2 AND subject = $3
  AND ($4::text IS NULL OR artifact_type = $4)
  AND ($5::text IS NULL OR digest > $5)
ORDER BY digest
LIMIT $6
