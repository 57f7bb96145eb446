-- What the index lists and the repository does not have.
SELECT DISTINCT child -> 'digest'
FROM manifest m
CROSS JOIN LATERAL jsonb_array_elements(m.children) AS child
WHERE m.organization = $1 AND m.repository = $2 AND m.digest = $3
    AND NOT EXISTS (
        SELECT FROM manifest p
        WHERE p.organization = m.organization AND p.repository = m.repository AND p.digest = child ->> 'digest'
    )
