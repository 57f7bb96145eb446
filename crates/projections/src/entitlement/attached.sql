-- For each of these manifests and blobs ($3), what opens it besides the releases that contain it: the features whose patterns a
-- tag of it matches, and the releases and features of what it is attached to, as a referrer or by the older scheme of tags
-- (sha256-<hex>.sig, .att, .sbom). Only what is reached over the fewest attachments decides: whoever pushes a manifest says what
-- it is attached to, and would open with it whatever it mentions. Only the empty blob ({}), a part of many things that says
-- nothing, is opened by each. (Attachments beyond the eighth count as eight: there may be
-- circles.)
WITH RECURSIVE reached AS (
    SELECT wanted.digest AS wanted, m.digest, m.subject, 0 AS attachments
    FROM unnest($3::text[]) AS wanted (digest)
    CROSS JOIN LATERAL (
        SELECT m.digest, m.subject
        FROM manifest m
        WHERE m.organization = $1 AND m.repository = $2 AND m.digest = wanted.digest
        UNION ALL
        SELECT m.digest, m.subject
        FROM manifest m
        WHERE manifest_keys(m.organization, m.repository, m.blobs) @> ARRAY[manifest_key($1, $2, wanted.digest)]
    ) AS m
    UNION
    SELECT down.wanted, up.digest, up.subject, least(down.attachments + up.attachments, 8)
    FROM reached down
    CROSS JOIN LATERAL (
        SELECT above.digest, above.subject, 0 AS attachments
        FROM manifests_above($1, $2, down.digest) AS above
        UNION ALL
        SELECT m.digest, m.subject, 1
        FROM manifest m
        WHERE m.organization = $1 AND m.repository = $2 AND m.digest = down.subject
        UNION ALL
        SELECT m.digest, m.subject, 1
        FROM tag t
        JOIN manifest m ON m.organization = t.organization AND m.repository = t.repository
            AND m.digest = ('sha256:' || substr(t.name, 8, 64)) COLLATE "default" -- as its index has it
        WHERE t.organization = $1 AND t.repository = $2 AND t.digest = down.digest
          AND t.name ~ '^sha256-[0-9a-f]{64}[.](sig|att|sbom)$'
    ) AS up
), opening AS (
    SELECT r.wanted, r.attachments, i.asked
    FROM reached r
    CROSS JOIN LATERAL (
        SELECT i.asked
        FROM entitled_image i
        WHERE i.manifest_keys @> ARRAY[manifest_key($1, $2, r.digest)] AND i.repository = $2 AND i.digest = r.digest
        OFFSET 0 -- by the index, few as they are
    ) AS i
    UNION ALL
    SELECT r.wanted, r.attachments, jsonb_build_object(
        'application', a.id, 'version', NULL, 'channels', '[]'::jsonb, 'revoked', NULL, 'feature', opened -> 'feature')
    FROM reached r
    CROSS JOIN LATERAL (
        SELECT t.name
        FROM tag t
        WHERE t.organization = $1 AND t.repository = $2 AND t.digest = r.digest
        OFFSET 0
    ) AS t
    JOIN application a ON a.organization = $1
    CROSS JOIN LATERAL jsonb_array_elements(a.feature_tags) AS opened
    CROSS JOIN LATERAL jsonb_array_elements_text(opened -> 'tags') AS pattern
    WHERE opened ->> 'repository' = $2
      AND matches_pattern(t.name, pattern)
      AND t.name !~ '^sha256-[0-9a-f]{64}[.](sig|att|sbom)$'
      -- a tag does not bring back what every release of it has lost
      AND (SELECT coalesce(bool_or(o.asked ->> 'revoked' IS NULL), true)
           FROM opening_manifest($1, $2, r.digest) AS o)
)
SELECT DISTINCT jsonb_build_object('key', wanted, 'asked', asked)
FROM (SELECT *, min(attachments) OVER (PARTITION BY wanted) AS fewest FROM opening) AS ranked
WHERE attachments = fewest OR wanted = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
