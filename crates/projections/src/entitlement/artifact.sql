-- The releases that name one of these digests of the repository, each with the feature that the artifact belongs to.
SELECT DISTINCT jsonb_build_object(
    'application', r.application,
    'version', r.version,
    'channels', (SELECT coalesce(jsonb_agg(c.name ORDER BY c.name), '[]') FROM channel c
                 WHERE c.application = r.application AND c.versions ? r.version),
    'revoked', CASE WHEN r.status = 'revoked' THEN coalesce(r.reason, '') END,
    'feature', artifact -> 'feature')
FROM unnest($3::text[]) AS wanted (digest)
JOIN release r ON r.content -> 'artifacts' @> jsonb_build_array(
    jsonb_build_object('repository', $2::text, 'digest', wanted.digest))
CROSS JOIN LATERAL jsonb_array_elements(r.content -> 'artifacts') AS artifact
WHERE r.organization = $1
  AND r.status <> 'draft'
  AND artifact ->> 'digest' = wanted.digest
  AND artifact ->> 'repository' = $2
