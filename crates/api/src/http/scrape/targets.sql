-- as `domain::fleet` tells the states apart: silence first, then what failed
SELECT
    count(*) FILTER (WHERE received_at IS NULL),
    count(*) FILTER (WHERE received_at <= $2),
    count(*) FILTER (WHERE received_at > $2 AND received_at <= $1),
    count(*) FILTER (WHERE received_at > $1 AND failed),
    count(*) FILTER (WHERE received_at > $1 AND NOT failed)
FROM (
    SELECT
        heartbeat.received_at,
        EXISTS (
            SELECT FROM deployment
            WHERE deployment.target = target.id AND deployment.phase IN ('failed', 'unhealthy')
        ) AS failed
    FROM target
    LEFT JOIN heartbeat ON heartbeat.id = target.id
    WHERE target.retired_at IS NULL
) AS targets
