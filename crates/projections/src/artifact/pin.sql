-- A release that names the manifest or what lists it; of several, the one that was published first.
WITH RECURSIVE containing AS (
    SELECT $3::text AS digest
    UNION
    SELECT up.digest
    FROM containing down
    JOIN manifest up ON up.organization = $1 AND up.repository = $2
        AND up.children @> jsonb_build_array(jsonb_build_object('digest', down.digest))
)
SELECT jsonb_build_object('application', a.name, 'version', r.version)
FROM containing c
JOIN release r ON r.content -> 'artifacts' @> jsonb_build_array(
    jsonb_build_object('repository', $2::text, 'digest', c.digest))
JOIN application a ON a.id = r.application
WHERE r.organization = $1 AND r.status IN ('published', 'deprecated')
ORDER BY r.published_at, r.version
LIMIT 1
