-- What has the manifest ($3) as its subject and may bear a signature, between the positions $4 and $5, without the digests $6: the
-- newest first if $7, else the oldest. At most $8; what they name is left out of those of more than $9 bytes, and from where
-- the others together have more than $10.
WITH found AS (
    (SELECT m.id, m.size, m.position AS place
    FROM manifest m
    WHERE NOT $7::boolean AND m.organization = $1 AND m.repository = $2 AND m.subject = $3
      AND attachment_rank(m.blobs) = 1 AND m.position > $4 AND m.position < $5 AND m.digest <> ALL($6)
    ORDER BY m.position
    LIMIT $8)
    UNION ALL
    (SELECT m.id, m.size, -m.position
    FROM manifest m
    WHERE $7::boolean AND m.organization = $1 AND m.repository = $2 AND m.subject = $3
      AND attachment_rank(m.blobs) = 1 AND m.position > $4 AND m.position < $5 AND m.digest <> ALL($6)
    ORDER BY m.position DESC
    LIMIT $8)
), summed AS (
    SELECT id, place,
        size <= $9::bigint AND sum(size) FILTER (WHERE size <= $9::bigint) OVER (ORDER BY place) <= $10::bigint AS is_whole
    FROM found
)
SELECT jsonb_build_object('manifest', to_jsonb(m), 'tag', NULL, 'is_whole', m.is_whole)
FROM (
    SELECT m.id, m.organization, m.artifact, m.repository, m.digest, m.media_type, m.size, m.subject, m.artifact_type,
        m.pushed_at, m.position, f.place, f.is_whole,
        CASE WHEN f.is_whole THEN m.blobs ELSE '[]' END AS blobs,
        CASE WHEN f.is_whole THEN m.children ELSE '[]' END AS children
    FROM summed f
    JOIN manifest m ON m.id = f.id
) m
ORDER BY m.place
