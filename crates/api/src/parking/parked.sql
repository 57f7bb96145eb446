SELECT
    follower,
    position,
    reason,
    CASE WHEN by_operator THEN 'operator' ELSE 'hub' END,
    to_char(parked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    retry
FROM parked
ORDER BY follower, position
LIMIT 1000
