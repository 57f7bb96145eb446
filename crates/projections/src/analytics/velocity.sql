-- How fast the newest $4 releases were taken up: of the deployments that ran an older version when it was published, how many have run it or
-- a newer one since, and when half and nine tenths of them did.
WITH published AS (
    SELECT version, sort_key, published_at
    FROM release
    WHERE organization = $1 AND application = $3 AND published_at IS NOT NULL
    ORDER BY published_at DESC, sort_key DESC
    LIMIT $4::bigint
),
stretch AS (
    SELECT g.deployment, r.sort_key, g.done_at AS since,
        least(
            lead(g.done_at) OVER (PARTITION BY g.deployment ORDER BY g.generation),
            t.retired_at) AS until
    FROM generation g
    JOIN target t ON t.id = g.target
    LEFT JOIN release r ON r.application = g.application AND r.version = g.version
    WHERE g.organization = $1
      AND ($2::uuid IS NULL OR g.customer = $2)
      AND g.application = $3
      AND g.done_at IS NOT NULL
)
SELECT jsonb_build_object(
    'version', p.version, 'published_at', p.published_at,
    'eligible', count(s.deployment), 'reached', count(f.at),
    'half_at', (array_agg(f.at ORDER BY f.at) FILTER (WHERE f.at IS NOT NULL))[ceil(count(s.deployment) * 0.5)::integer],
    'most_at', (array_agg(f.at ORDER BY f.at) FILTER (WHERE f.at IS NOT NULL))[ceil(count(s.deployment) * 0.9)::integer])
FROM published p
LEFT JOIN stretch s
    ON s.since <= p.published_at AND (s.until IS NULL OR s.until > p.published_at) AND s.sort_key < p.sort_key
LEFT JOIN LATERAL (
    SELECT min(g.done_at) AS at
    FROM generation g
    JOIN release r ON r.application = g.application AND r.version = g.version
    WHERE g.deployment = s.deployment AND g.done_at > p.published_at AND r.sort_key >= p.sort_key
) AS f ON true
GROUP BY p.version, p.published_at, p.sort_key
ORDER BY p.published_at DESC, p.sort_key DESC
