UPDATE checkpoint
SET position = $5, error = NULL, lease_until = clock_timestamp() + make_interval(secs => $6)
WHERE group_name = $1 AND owner = $2 AND epoch = $3 AND position = $4
