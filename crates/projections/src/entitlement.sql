-- What the rule of entitlement asks about each release that is not a draft.
CREATE VIEW release_asked AS
SELECT r.organization,
       r.application,
       r.id,
       r.content -> 'artifacts' AS artifacts,
       artifact_places(r.organization, r.content -> 'artifacts') AS places,
       jsonb_build_object(
           'application', r.application,
           'version', r.version,
           'channels', (SELECT coalesce(jsonb_agg(c.name ORDER BY c.name), '[]') FROM channel c
                        WHERE c.application = r.application AND c.versions ? r.version),
           'revoked', CASE WHEN r.status = 'revoked' THEN coalesce(r.reason, '') END,
           'feature', NULL) AS asked
FROM release r
WHERE r.status <> 'draft';

-- And about each artifact of theirs. Who looks for one says `places @>` too: that is what the index has.
CREATE VIEW artifact_asked AS
SELECT r.organization,
       r.application,
       r.places,
       artifact ->> 'repository' AS repository,
       artifact ->> 'digest' AS digest,
       r.asked || jsonb_build_object('feature', artifact -> 'feature') AS asked
FROM release_asked r
CROSS JOIN LATERAL jsonb_array_elements(r.artifacts) AS artifact;
