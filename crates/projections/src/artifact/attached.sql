-- What the tags of the older scheme ($4) point to, then what has the manifest ($3) as its subject: first what may bear a
-- signature, each the oldest first, from after the manifest $5 on. At most $6 referrers; what they name is left out from where
-- the manifests before have $7 bytes.
WITH tagged AS MATERIALIZED (
    SELECT DISTINCT ON (t.digest) t.digest, t.name
    FROM tag t
    WHERE t.organization = $1 AND t.repository = $2 AND t.name = ANY($4)
    ORDER BY t.digest, t.name
), last AS MATERIALIZED (
    SELECT attachment_rank(m.blobs) AS rank, m.position
    FROM manifest m
    WHERE m.organization = $1 AND m.repository = $2 AND m.digest = $5 AND m.subject = $3
      AND m.digest NOT IN (SELECT digest FROM tagged)
), found AS (
    SELECT 0 AS rank, m.position, m.id, m.size, CASE WHEN m.subject = $3 THEN NULL ELSE tagged.name END AS tag
    FROM tagged
    JOIN manifest m ON m.organization = $1 AND m.repository = $2 AND m.digest = tagged.digest
    WHERE $5::text IS NULL
    UNION ALL
    (SELECT attachment_rank(m.blobs), m.position, m.id, m.size, NULL
    FROM manifest m
    WHERE m.organization = $1 AND m.repository = $2 AND m.subject = $3
      AND (attachment_rank(m.blobs), m.position)
        > (coalesce((SELECT rank FROM last), 0), coalesce((SELECT position FROM last), 0))
      AND m.digest NOT IN (SELECT digest FROM tagged)
    ORDER BY attachment_rank(m.blobs), m.position
    LIMIT $6)
), summed AS (
    SELECT *, sum(size) OVER (ORDER BY rank, position) <= $7::bigint AS is_whole FROM found
)
SELECT jsonb_build_object(
    'manifest', CASE WHEN f.is_whole THEN to_jsonb(m) ELSE to_jsonb(m) || '{"blobs": [], "children": []}' END,
    'tag', f.tag,
    'is_whole', f.is_whole
)
FROM summed f
JOIN manifest m ON m.id = f.id
ORDER BY f.rank, f.position
