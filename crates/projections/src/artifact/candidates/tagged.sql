-- What the tags of the older scheme ($4) point to, each once, whether or not it has the manifest ($3) as its subject. What a manifest
-- of more than $5 bytes names is left out.
WITH tagged AS (
    SELECT DISTINCT ON (t.digest) t.digest, t.name
    FROM tag t
    WHERE t.organization = $1 AND t.repository = $2 AND t.name = ANY($4)
    ORDER BY t.digest, t.name
)
SELECT jsonb_build_object(
    'manifest', to_jsonb(m),
    'tag', CASE WHEN m.subject = $3 THEN NULL ELSE m.tag END,
    'is_whole', m.is_whole
)
FROM (
    SELECT m.id, m.organization, m.artifact, m.repository, m.digest, m.media_type, m.size, m.subject, m.artifact_type,
        m.pushed_at, m.position, tagged.name AS tag, m.size <= $5::bigint AS is_whole,
        CASE WHEN m.size <= $5::bigint THEN m.blobs ELSE '[]' END AS blobs,
        CASE WHEN m.size <= $5::bigint THEN m.children ELSE '[]' END AS children
    FROM tagged
    JOIN manifest m ON m.organization = $1 AND m.repository = $2 AND m.digest = tagged.digest
) m
ORDER BY m.position
