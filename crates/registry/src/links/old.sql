-- A page of the links that nobody renewed, in one order.
SELECT organization, repository, digest
FROM registry.blob_link
WHERE at <= $1 AND (organization, repository, digest) > ($2, $3, $4)
ORDER BY organization, repository, digest
LIMIT $5
