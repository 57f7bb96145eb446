-- as `domain::fleet` tells the states apart: silence first, then what failed
SELECT
    count(*) FILTER (WHERE heard_at IS NULL),
    count(*) FILTER (WHERE heard_at <= $2),
    count(*) FILTER (WHERE heard_at > $2 AND heard_at <= $1),
    count(*) FILTER (WHERE heard_at > $1 AND failed),
    count(*) FILTER (WHERE heard_at > $1 AND NOT failed)
FROM (
    SELECT
        heartbeat.heard_at,
        EXISTS (
            SELECT FROM deployment
            WHERE deployment.target = target.id AND deployment.phase IN ('failed', 'unhealthy')
        ) AS failed
    FROM target
    LEFT JOIN heartbeat ON heartbeat.id = target.id
    WHERE target.retired_at IS NULL
) AS targets
