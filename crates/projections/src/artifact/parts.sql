SELECT DISTINCT child -> 'digest'
FROM manifest m
CROSS JOIN LATERAL jsonb_array_elements(m.children) AS child
WHERE m.organization = $1 AND m.repository = $2 AND m.digest = ANY ($3::text[])
