-- in the order of the log; a change of a license belongs to the license's customer and application
SELECT lpad(a.position::text, 20, '0'), a.id, 
       to_jsonb(a) || jsonb_build_object(
           'customer', coalesce(a.customer, l.customer), 'application', coalesce(a.application, l.application))
FROM license_audit a
LEFT JOIN license l ON l.id = a.license
WHERE a.organization = $1
  AND ($2::uuid IS NULL OR coalesce(a.customer, l.customer) = $2)
  AND ($3::text IS NULL OR (a.position, a.id) > ($3::text::bigint, $4::uuid))
  AND ($6::uuid IS NULL OR coalesce(a.customer, l.customer) = $6)
  AND ($7::uuid IS NULL OR a.license = $7)
  AND ($2::uuid IS NULL OR NOT a.withheld)
ORDER BY a.position, a.id
LIMIT $5
