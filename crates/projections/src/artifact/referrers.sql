SELECT jsonb_build_object('digest', digest, 'media_type', media_type, 'size', size, 'artifact_type', artifact_type)
FROM manifest t
WHERE organization = $1 AND repository = $2 AND subject = $3
  AND ($4::text IS NULL OR artifact_type = $4)
  AND ($5::text IS NULL OR digest > $5)
ORDER BY digest
LIMIT $6
