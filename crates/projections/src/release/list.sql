-- the newest version first
SELECT sort_key, id, to_jsonb(t)
FROM (
    -- without the packages, which are large
    SELECT id, organization, application, version, sort_key, status, '[]'::jsonb AS packages, images, notes, trust,
           signatures, published_at, deprecated_on, reason, rules, created_at, position
    FROM release
) t
WHERE organization = $1
  AND ($2::uuid IS NULL
       OR (status <> 'draft'
           AND EXISTS (SELECT FROM license l WHERE l.customer = $2 AND l.application = t.application)))
  AND ($3::text IS NULL OR (sort_key, id) < ($3 COLLATE "C", $4::uuid))
  AND application = $6
  AND ($7::text IS NULL OR strpos(lower(version), $7) > 0)
ORDER BY sort_key DESC, id DESC
LIMIT $5
