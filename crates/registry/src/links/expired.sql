SELECT count(*)
FROM registry.blob_link l
WHERE at <= $1
  AND NOT EXISTS (SELECT 1 FROM manifest m
                  WHERE m.organization = l.organization AND m.repository = l.repository
                    AND (m.digest = l.digest OR m.blobs @> jsonb_build_array(jsonb_build_object('digest', l.digest))))
