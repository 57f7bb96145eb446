UPDATE policy
SET owner = $2, epoch = epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $3)
WHERE name = $1
  AND (lease_until IS NULL OR lease_until < clock_timestamp() OR owner = $2)
RETURNING position, epoch
