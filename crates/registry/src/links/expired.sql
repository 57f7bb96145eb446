SELECT count(*)
FROM registry.blob_link l
WHERE at <= $1
  AND NOT EXISTS (SELECT FROM manifest m
                  WHERE m.organization = l.organization AND m.repository = l.repository AND m.digest = l.digest)
  AND NOT EXISTS (SELECT FROM manifest m
                  WHERE places(m.organization, m.repository, m.blobs)
                        @> ARRAY[place(l.organization, l.repository, l.digest)])
