INSERT INTO registry.blob_link (organization, repository, digest, at, size)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (organization, repository, digest) DO UPDATE SET at = excluded.at
