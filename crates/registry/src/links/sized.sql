-- Says of links how large their blobs are, if they do not know it yet, as those that are older than sizes.
UPDATE registry.blob_link l
SET size = stored.size
FROM unnest($1::text[], $2::bigint[]) AS stored (digest, size)
WHERE l.digest = stored.digest AND l.size IS DISTINCT FROM stored.size
