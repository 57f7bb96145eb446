INSERT INTO parked (follower, position, reason, by_operator)
VALUES ($1, $2, $3, true)
ON CONFLICT (follower, position) DO UPDATE SET reason = excluded.reason, by_operator = true
