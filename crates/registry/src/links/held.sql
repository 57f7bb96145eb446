SELECT digest
FROM registry.blob_link
WHERE organization = $1 AND repository = $2 AND digest = ANY ($3)
