-- For each of these manifests, the releases that name it, or what lists it at any depth.
SELECT DISTINCT jsonb_build_object('key', m.digest, 'asked', o.asked)
FROM manifest m
CROSS JOIN LATERAL opening_manifest($1, $2, m.digest) AS o
WHERE m.organization = $1 AND m.repository = $2 AND m.digest = ANY ($3::text[])
