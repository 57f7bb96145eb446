-- The repositories that releases of these applications name.
SELECT DISTINCT jsonb_build_object('key', artifact ->> 'repository', 'asked', jsonb_build_object(
    'application', r.application,
    'version', r.version,
    'channels', (SELECT coalesce(jsonb_agg(c.name ORDER BY c.name), '[]') FROM channel c
                 WHERE c.application = r.application AND c.versions ? r.version),
    'revoked', CASE WHEN r.status = 'revoked' THEN coalesce(r.reason, '') END,
    'feature', artifact -> 'feature'))
FROM release r
CROSS JOIN LATERAL jsonb_array_elements(r.content -> 'artifacts') AS artifact
WHERE r.organization = $1 AND r.application = ANY ($2::uuid[]) AND r.status <> 'draft'
