-- What failed since $4, and what stands failed, unhealthy or held now: each text by itself.
SELECT jsonb_build_object(
    'category', category, 'error', error,
    'times', count(*) FILTER (WHERE NOT is_open),
    'deployments', jsonb_agg(DISTINCT deployment),
    'open', coalesce(jsonb_agg(DISTINCT deployment) FILTER (WHERE is_open), '[]'),
    'versions', jsonb_agg(DISTINCT version),
    'first_at', min(at), 'last_at', max(at))
FROM (
    SELECT coalesce(g.error_category, 'unknown') AS category, coalesce(g.error, '') AS error, g.deployment, g.version,
        g.failed_at AS at, false AS is_open
    FROM generation g
    WHERE g.organization = $1
      AND ($2::uuid IS NULL OR g.customer = $2)
      AND g.application = $3
      AND g.failed_at >= $4::timestamptz
    UNION ALL
    SELECT coalesce(d.error_category, 'unknown'), coalesce(d.error, ''), d.id, d.desired ->> 'version', d.changed_at, true
    FROM deployment d
    JOIN target t ON t.id = d.target
    WHERE d.organization = $1
      AND ($2::uuid IS NULL OR d.customer = $2)
      AND d.application = $3
      AND d.phase IN ('failed', 'unhealthy', 'held')
      AND t.retired_at IS NULL
) AS failure
GROUP BY category, error
ORDER BY max(at) DESC
LIMIT 2000
