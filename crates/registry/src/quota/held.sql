-- Whether the blob is held already: by the repository, and by any of its organization.
SELECT coalesce(bool_or(repository = $2), false), count(*) > 0
FROM registry.blob_link
WHERE organization = $1 AND digest = $3
