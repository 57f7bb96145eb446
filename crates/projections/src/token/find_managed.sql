SELECT to_jsonb(t)
FROM token t
JOIN member m ON m.id = t.member AND m.organization = t.organization
WHERE t.organization = $1
  AND ($2::uuid IS NULL OR m.customer = $2)
  AND ($3::uuid IS NULL OR t.member = $3)
  AND t.id = $4
