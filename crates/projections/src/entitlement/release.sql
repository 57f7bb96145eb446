SELECT jsonb_build_object(
    'application', r.application,
    'version', r.version,
    'channels', (SELECT coalesce(jsonb_agg(c.name), '[]') FROM channel c
                 WHERE c.application = r.application AND c.versions ? r.version),
    'revoked', CASE WHEN r.status = 'revoked' THEN coalesce(r.reason, '') END,
    'feature', NULL)
FROM release r
WHERE r.organization = $1 AND r.id = $2 AND r.status <> 'draft'
