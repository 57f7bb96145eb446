-- as `list`, of one customer: its uses, and the changes of its licenses, each by an index
SELECT lpad(a.position::text, 20, '0'), a.id,
       to_jsonb(a) || jsonb_build_object(
           'customer', coalesce(a.customer, l.customer), 'application', coalesce(a.application, l.application))
FROM (
    (
        SELECT u.*
        FROM license_audit u
        WHERE u.customer = $6 AND u.organization = $1
          AND ($3::text IS NULL OR (u.position, u.id) > ($3::text::bigint, $4::uuid))
          AND ($7::uuid IS NULL OR u.license = $7)
          AND ($2::uuid IS NULL OR NOT u.withheld)
        ORDER BY u.position, u.id
        LIMIT $5
    )
    UNION ALL
    (
        SELECT u.*
        FROM license_audit u
        WHERE u.customer IS NULL AND u.organization = $1
          AND u.license IN (SELECT id FROM license WHERE organization = $1 AND customer = $6)
          AND ($3::text IS NULL OR (u.position, u.id) > ($3::text::bigint, $4::uuid))
          AND ($7::uuid IS NULL OR u.license = $7)
        ORDER BY u.position, u.id
        LIMIT $5
    )
) AS a
LEFT JOIN license l ON l.id = a.license
WHERE $2::uuid IS NULL OR $2 = $6
ORDER BY a.position, a.id
LIMIT $5
