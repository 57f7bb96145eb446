SELECT id::text AS sort_key, id, to_jsonb(t)
FROM member t
WHERE organization = $1
  AND ($2::uuid IS NULL OR customer = $2)
  AND ($3::text IS NULL OR (id::text, id) > ($3, $4::uuid))
  AND active
ORDER BY id::text, id
LIMIT $5
