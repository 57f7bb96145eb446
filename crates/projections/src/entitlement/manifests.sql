-- For each of these manifests, the releases that name it, or what lists it at any depth, or what those are referrers of.
WITH RECURSIVE containing AS (
    SELECT digest AS wanted, digest, subject
    FROM manifest
    WHERE organization = $1 AND repository = $2 AND digest = ANY ($3::text[])
    UNION
    SELECT down.wanted, up.digest, up.subject
    FROM containing down
    JOIN manifest up ON up.organization = $1 AND up.repository = $2
        AND (up.children @> jsonb_build_array(jsonb_build_object('digest', down.digest)) OR up.digest = down.subject)
)
SELECT DISTINCT jsonb_build_object('key', c.wanted, 'asked', jsonb_build_object(
    'application', r.application,
    'version', r.version,
    'channels', (SELECT coalesce(jsonb_agg(c.name ORDER BY c.name), '[]') FROM channel c
                 WHERE c.application = r.application AND c.versions ? r.version),
    'revoked', CASE WHEN r.status = 'revoked' THEN coalesce(r.reason, '') END,
    'feature', artifact -> 'feature'))
FROM containing c
JOIN release r ON r.content -> 'artifacts' @> jsonb_build_array(
    jsonb_build_object('repository', $2::text, 'digest', c.digest))
CROSS JOIN LATERAL jsonb_array_elements(r.content -> 'artifacts') AS artifact
WHERE r.organization = $1
  AND r.status <> 'draft'
  AND artifact ->> 'digest' = c.digest
  AND artifact ->> 'repository' = $2
