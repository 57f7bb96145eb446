-- Renews the links of what the repository holds, of what the store has; answers with what that is.
INSERT INTO registry.blob_link (organization, repository, digest, at, size)
SELECT $1, $2, wanted.digest, $5, wanted.size
FROM unnest($3::text[], $4::bigint[]) AS wanted (digest, size)
CROSS JOIN LATERAL (
    SELECT FROM registry.blob_link l
    WHERE l.organization = $1 AND l.repository = $2 AND l.digest = wanted.digest
    UNION ALL
    SELECT FROM manifest m
    WHERE m.organization = $1 AND m.repository = $2 AND m.digest = wanted.digest
    UNION ALL
    SELECT FROM manifest m
    WHERE places(m.organization, m.repository, m.blobs) @> ARRAY[place($1, $2, wanted.digest)]
    LIMIT 1
) AS held
ORDER BY wanted.digest
ON CONFLICT (organization, repository, digest) DO UPDATE SET at = excluded.at
RETURNING digest
