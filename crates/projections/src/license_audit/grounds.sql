-- where the newest change of each license of a customer stands, or of one of them, before a position
SELECT DISTINCT ON (a.license) a.position
FROM license_audit a
JOIN license l ON l.id = a.license AND l.organization = $1 AND l.customer = $2
WHERE a.position < $4
  AND ($3::uuid IS NULL OR a.license = $3)
  AND a.kind IN ('issued', 'amended', 'suspended', 'resumed', 'revoked')
ORDER BY a.license, a.position DESC
LIMIT $5
