INSERT INTO registry.blob_link (organization, repository, digest, at, size)
SELECT $1, $2, digest, $5, size FROM unnest($3::text[], $4::bigint[]) AS added (digest, size)
ON CONFLICT (organization, repository, digest) DO UPDATE SET at = excluded.at
