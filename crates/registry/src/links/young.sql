-- Of these blobs, those to which there is a link that is young.
SELECT DISTINCT digest
FROM registry.blob_link
WHERE digest = ANY ($1::text[]) AND at > $2
