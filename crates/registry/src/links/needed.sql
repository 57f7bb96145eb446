-- Of these blobs, those that anybody needs: as a manifest, or because of a link that is young, or that a manifest of its
-- repository backs. A manifest of a repository without the link needs nothing: the repository would not serve it.
SELECT wanted.digest
FROM unnest($1::text[]) AS wanted (digest)
WHERE EXISTS (SELECT 1 FROM manifest m WHERE m.digest = wanted.digest)
   OR EXISTS (SELECT 1
              FROM registry.blob_link l
              WHERE l.digest = wanted.digest
                AND (l.at > $2
                     OR EXISTS (SELECT 1 FROM manifest m
                                WHERE places(m.organization, m.repository, m.blobs)
                                      @> ARRAY[place(l.organization, l.repository, l.digest)])))
