SELECT name, id, to_jsonb(t)
FROM license t
WHERE organization = $1
  AND ($2::uuid IS NULL OR customer = $2)
  AND ($3::text IS NULL OR (name, id) > ($3, $4::uuid))
  AND ($6::uuid IS NULL OR customer = $6)
ORDER BY name, id
LIMIT $5
