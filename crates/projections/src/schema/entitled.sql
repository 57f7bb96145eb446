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
