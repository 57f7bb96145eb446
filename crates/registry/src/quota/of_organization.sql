-- A blob that several repositories hold counts once.
SELECT coalesce(sum(size), 0)::bigint
FROM (SELECT DISTINCT digest, size FROM registry.blob_link WHERE organization = $1) AS held
