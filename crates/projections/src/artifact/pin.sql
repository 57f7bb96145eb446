-- A release that names the manifest or what lists it; of several, the one that was published first.
WITH RECURSIVE containing AS (
    SELECT $3::text AS digest
    UNION
    SELECT up.digest
    FROM containing down
    CROSS JOIN LATERAL manifests_above($1, $2, down.digest) AS up
)
SELECT jsonb_build_object('application', a.name, 'version', r.version)
FROM containing c
JOIN release r ON artifact_places(r.organization, r.content -> 'artifacts') @> ARRAY[place($1, $2, c.digest)]
JOIN application a ON a.id = r.application
WHERE r.status IN ('published', 'deprecated')
ORDER BY r.published_at, r.version
LIMIT 1
