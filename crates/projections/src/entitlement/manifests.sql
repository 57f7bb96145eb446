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
SELECT DISTINCT jsonb_build_object('key', c.wanted, 'asked', a.asked)
FROM containing c
JOIN artifact_asked a ON a.organization = $1 AND a.repository = $2 AND a.digest = c.digest
    AND a.artifacts @> jsonb_build_array(jsonb_build_object('repository', $2::text, 'digest', c.digest))
