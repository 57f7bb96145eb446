-- An index that lists the manifest; of several, any.
SELECT to_jsonb(m.digest)
FROM manifest m
WHERE manifest_keys(m.organization, m.repository, m.children) @> ARRAY[manifest_key($1, $2, $3)]
ORDER BY m.digest
LIMIT 1
