-- What opens a manifest because it is part of a release: the releases that name it, or what lists it at any depth.
CREATE FUNCTION opening_manifest(organization uuid, repository text, digest text)
RETURNS TABLE (asked jsonb) LANGUAGE sql STABLE AS $$
    SELECT i.asked
    FROM manifests_containing($1, $2, $3) AS c
    JOIN entitled_image i ON i.manifest_keys @> ARRAY[manifest_key($1, $2, c.digest)]
        AND i.repository = $2 AND i.digest = c.digest
$$;

-- The same of a blob: of all manifests that have it.
CREATE FUNCTION opening_blob(organization uuid, repository text, digest text)
RETURNS TABLE (asked jsonb) LANGUAGE sql STABLE AS $$
    SELECT i.asked
    FROM manifest m
    CROSS JOIN LATERAL manifests_containing($1, $2, m.digest) AS c
    JOIN entitled_image i ON i.manifest_keys @> ARRAY[manifest_key($1, $2, c.digest)]
        AND i.repository = $2 AND i.digest = c.digest
    WHERE manifest_keys(m.organization, m.repository, m.blobs) @> ARRAY[manifest_key($1, $2, $3)]
$$;
