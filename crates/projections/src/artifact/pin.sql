-- A release, or a draft of one, that names the manifest or what lists it; of several, the one that was published first.
SELECT jsonb_build_object('application', a.name, 'version', r.version)
FROM manifests_containing($1, $2, $3) AS c
JOIN release r ON image_keys(r.organization, r.images) @> ARRAY[manifest_key($1, $2, c.digest)]
JOIN application a ON a.id = r.application
WHERE r.status <> 'revoked'
ORDER BY r.published_at NULLS LAST, r.version
LIMIT 1
