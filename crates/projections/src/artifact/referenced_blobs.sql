-- Which of these blobs a manifest of the repository names.
SELECT to_jsonb(wanted.digest)
FROM unnest($3::text[]) AS wanted (digest)
CROSS JOIN LATERAL (
    SELECT
    FROM manifest m
    WHERE manifest_keys(m.organization, m.repository, m.blobs) @> ARRAY[manifest_key($1, $2, wanted.digest)]
    LIMIT 1
) AS naming
