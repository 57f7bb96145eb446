-- For each of these manifests, the releases that name it, or what lists it at any depth.
WITH RECURSIVE containing AS (
    SELECT digest AS wanted, digest
    FROM manifest
    WHERE organization = $1 AND repository = $2 AND digest = ANY ($3::text[])
    UNION
    SELECT down.wanted, up.digest
    FROM containing down
    CROSS JOIN LATERAL manifests_above($1, $2, down.digest) AS up
)
SELECT DISTINCT jsonb_build_object('key', c.wanted, 'asked', a.asked)
FROM containing c
JOIN artifact_asked a ON a.places @> ARRAY[place($1, $2, c.digest)] AND a.repository = $2 AND a.digest = c.digest
