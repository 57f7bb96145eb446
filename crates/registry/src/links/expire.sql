-- Of these links, those that nobody has renewed yet. One that somebody is renewing now is left alone.
DELETE FROM registry.blob_link
WHERE (organization, repository, digest) IN (
    SELECT l.organization, l.repository, l.digest
    FROM registry.blob_link l
    JOIN unnest($2::uuid[], $3::text[], $4::text[]) AS old (organization, repository, digest)
        ON old.organization = l.organization AND old.repository = l.repository AND old.digest = l.digest
    WHERE l.at <= $1
    FOR UPDATE OF l SKIP LOCKED)
