-- Renews the repository's links to these blobs, and answers with those that it has. What a manifest names makes no link. In one
-- order, so that two of these never wait for each other.
WITH own AS (
    SELECT digest
    FROM registry.blob_link
    WHERE organization = $1 AND repository = $2 AND digest = ANY ($3::text[])
    ORDER BY digest
    FOR UPDATE
)
UPDATE registry.blob_link l
SET at = $4
FROM own
WHERE l.organization = $1 AND l.repository = $2 AND l.digest = own.digest
RETURNING l.digest
