-- The newest first.
SELECT lpad(a.position::text, 20, '0'), a.id, to_jsonb(a)
FROM access a
WHERE a.organization = $1
  AND $2::uuid IS NULL -- for the vendor alone
  AND ($3::text IS NULL OR (a.position, a.id) < ($3::text::bigint, $4::uuid))
  AND a.artifact = $6
ORDER BY a.position DESC, a.id DESC
LIMIT $5
