-- What runs now, by version; null where no agent has ever said what runs. A target is silent from the instant $4 on.
SELECT jsonb_build_object(
    'version', d.running_version, 'deployments', count(*),
    'silent', count(*) FILTER (WHERE h.heard_at IS NULL OR h.heard_at <= $4::timestamptz))
FROM deployment d
JOIN target t ON t.id = d.target
LEFT JOIN heartbeat h ON h.id = d.target
WHERE d.organization = $1
  AND ($2::uuid IS NULL OR d.customer = $2)
  AND d.application = $3
  AND d.phase <> 'removed'
  AND t.retired_at IS NULL
GROUP BY d.running_version
