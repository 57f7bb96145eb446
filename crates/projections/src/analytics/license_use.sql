-- What licenses granted and refused on each day (UTC) since $4. A customer is not shown what it was told is not there.
SELECT jsonb_build_object(
    'day', (u.at AT TIME ZONE 'UTC')::date,
    'pulls', count(*) FILTER (WHERE u.kind = 'pull_granted'),
    'deployments', count(*) FILTER (WHERE u.kind = 'deploy_granted'),
    'refusals', count(*) FILTER (WHERE u.kind IN ('pull_refused', 'deploy_refused')))
FROM license_audit u
WHERE u.organization = $1
  AND ($2::uuid IS NULL OR u.customer = $2 AND NOT u.withheld)
  AND ($3::uuid IS NULL OR u.customer = $3)
  AND u.at >= $4::timestamptz
  AND u.kind IN ('pull_granted', 'pull_refused', 'deploy_granted', 'deploy_refused')
GROUP BY (u.at AT TIME ZONE 'UTC')::date
ORDER BY (u.at AT TIME ZONE 'UTC')::date
