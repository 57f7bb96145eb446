SELECT id::text AS sort_key, id, to_jsonb(t)
FROM deployment t
WHERE organization = $1
  AND ($2::uuid IS NULL OR customer = $2)
  AND ($3::text IS NULL OR id > $4::uuid)
  AND ($6::uuid IS NULL OR target = $6)
  AND phase <> 'removed'
ORDER BY id
LIMIT $5
