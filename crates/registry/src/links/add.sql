INSERT INTO registry.blob_link (organization, repository, digest, at)
SELECT $1, $2, digest, $4 FROM unnest($3::text[]) AS added (digest)
ON CONFLICT (organization, repository, digest) DO UPDATE SET at = excluded.at
