SELECT to_jsonb(t)
FROM (
    SELECT id, organization, application, version, sort_key, status, '[]'::jsonb AS packages, images, notes, trust,
           signatures, published_at, deprecated_on, reason, rules, created_at, position
    FROM release
) t
WHERE organization = $1
  AND ($2::uuid IS NULL
       OR (status <> 'draft'
           AND EXISTS (SELECT FROM license l WHERE l.customer = $2 AND l.application = t.application)))
  AND id = $3
