-- A page of the links to these blobs, of all repositories, in one order.
SELECT organization, repository, digest
FROM registry.blob_link
WHERE digest = ANY ($1::text[]) AND (digest, organization, repository) > ($2, $3, $4)
ORDER BY digest, organization, repository
LIMIT $5
