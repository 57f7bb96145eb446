SELECT to_jsonb(t)
FROM (
    -- without the packages, which are large
    SELECT id, organization, application, version, sort_key, status, '[]'::jsonb AS packages, images, notes, trust,
           signatures, published_at, deprecated_on, reason, rules, created_at, position
    FROM release
) t
WHERE organization = $1 AND id = ANY($2)
