SELECT repository, coalesce(sum(size), 0)::bigint
FROM registry.blob_link
WHERE organization = $1 AND repository = ANY ($2::text[])
GROUP BY repository
