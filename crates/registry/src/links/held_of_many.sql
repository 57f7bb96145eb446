-- Whether each of these repositories holds the blob that is asked about.
SELECT l.at IS NOT NULL
FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (organization, repository, digest, number)
LEFT JOIN registry.blob_link l ON l.organization = wanted.organization AND l.repository = wanted.repository
    AND l.digest = wanted.digest
ORDER BY wanted.number
