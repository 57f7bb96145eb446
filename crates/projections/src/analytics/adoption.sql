-- By how many the deployments that run a version grew or shrank on a day (UTC). The first day $4 has all that was before it. A
-- version runs from when it was first healthy until another is, the application is removed or the target retired.
WITH stretch AS (
    SELECT g.version, g.done_at AS since,
        least(
            lead(g.done_at) OVER (PARTITION BY g.deployment ORDER BY g.generation),
            t.retired_at) AS until
    FROM generation g
    JOIN target t ON t.id = g.target
    WHERE g.organization = $1
      AND ($2::uuid IS NULL OR g.customer = $2)
      AND g.application = $3
      AND g.done_at IS NOT NULL
)
SELECT jsonb_build_object('version', version, 'day', day, 'change', sum(change))
FROM (
    SELECT version, greatest((since AT TIME ZONE 'UTC')::date, $4::date) AS day, 1 AS change FROM stretch
    UNION ALL
    SELECT version, greatest((until AT TIME ZONE 'UTC')::date, $4::date), -1 FROM stretch WHERE until IS NOT NULL
) AS changes
WHERE version IS NOT NULL
GROUP BY version, day
HAVING sum(change) <> 0
