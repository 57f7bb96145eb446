UPDATE policy
SET position = $4, lease_until = clock_timestamp() + make_interval(secs => $5)
WHERE name = $1 AND owner = $2 AND epoch = $3
