-- For each of these manifests and blobs ($3), what opens it besides the releases that name it by its place in an index or as a
-- referrer: the releases of what the older scheme of tags (sha256-<hex>.sig, .att, .sbom) attaches it to, and the features whose
-- patterns a tag of it matches. (A pattern has no % and no backslash.)
WITH RECURSIVE containing AS (
    SELECT wanted.digest AS wanted, m.digest, m.subject
    FROM unnest($3::text[]) AS wanted (digest)
    CROSS JOIN LATERAL (
        SELECT m.digest, m.subject
        FROM manifest m
        WHERE m.organization = $1 AND m.repository = $2 AND m.digest = wanted.digest
        UNION ALL
        SELECT m.digest, m.subject
        FROM manifest m
        WHERE places(m.organization, m.repository, m.blobs) @> ARRAY[place($1, $2, wanted.digest)]
    ) AS m
    UNION
    SELECT down.wanted, up.digest, up.subject
    FROM containing down
    CROSS JOIN LATERAL (
        SELECT above.digest, above.subject
        FROM manifests_above($1, $2, down.digest, down.subject) AS above
        UNION ALL
        SELECT m.digest, m.subject
        FROM tag t
        JOIN manifest m ON m.organization = t.organization AND m.repository = t.repository
            AND m.digest = 'sha256:' || substr(t.name, 8, 64)
        WHERE t.organization = $1 AND t.repository = $2 AND t.digest = down.digest
          AND t.name ~ '^sha256-[0-9a-f]{64}[.](sig|att|sbom)$'
    ) AS up
)
SELECT jsonb_build_object('key', c.wanted, 'asked', a.asked)
FROM containing c
JOIN artifact_asked a ON a.places @> ARRAY[place($1, $2, c.digest)] AND a.repository = $2 AND a.digest = c.digest
UNION
SELECT jsonb_build_object('key', c.wanted, 'asked', jsonb_build_object(
    'application', a.id, 'version', NULL, 'channels', '[]'::jsonb, 'revoked', NULL, 'feature', opened -> 'feature'))
FROM containing c
JOIN tag t ON t.organization = $1 AND t.repository = $2 AND t.digest = c.digest
JOIN application a ON a.organization = $1
CROSS JOIN LATERAL jsonb_array_elements(a.feature_tags) AS opened
CROSS JOIN LATERAL jsonb_array_elements_text(opened -> 'tags') AS pattern
WHERE opened ->> 'repository' = $2
  AND t.name LIKE replace(replace(pattern, '_', '\_'), '*', '%')
