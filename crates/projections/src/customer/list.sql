SELECT name, id, to_jsonb(t)
FROM customer t
WHERE organization = $1
  AND ($2::uuid IS NULL OR id = $2)
  AND ($6::text IS NULL OR strpos(name, $6) > 0 OR strpos(lower(display_name), $6) > 0)
  AND ($3::text IS NULL OR (name, id) > ($3, $4::uuid))
ORDER BY name, id
LIMIT $5
