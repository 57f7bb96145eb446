-- What the rule of entitlement asks about each release that is not a draft.
CREATE VIEW release_asked AS
SELECT r.organization,
       r.application,
       r.id,
       r.images,
       image_keys(r.organization, r.images) AS manifest_keys,
       jsonb_build_object(
           'application', r.application,
           'version', r.version,
           'channels', (SELECT coalesce(jsonb_agg(c.name ORDER BY c.name), '[]') FROM channel c
                        WHERE c.application = r.application AND c.versions ? r.version),
           'revoked', CASE WHEN r.status = 'revoked' THEN coalesce(r.reason, '') END,
           'deprecated', CASE WHEN r.status = 'deprecated'
                              THEN jsonb_build_object('on', r.deprecated_on, 'reason', coalesce(r.reason, '')) END,
           'feature', NULL) AS asked
FROM release r
WHERE r.status <> 'draft';

-- And about each image of theirs. Who looks for one says `manifest_keys @>` too: that is what the index has.
CREATE VIEW entitled_image AS
SELECT r.organization,
       r.application,
       r.manifest_keys,
       image ->> 'repository' AS repository,
       image ->> 'digest' AS digest,
       r.asked || jsonb_build_object('feature', image -> 'feature') AS asked
FROM release_asked r
CROSS JOIN LATERAL jsonb_array_elements(r.images) AS image;

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
