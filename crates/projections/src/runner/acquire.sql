-- Takes the group if nobody holds it. A new epoch shuts out whoever held it before. A generation of another program's shape
-- is not this one's to fill.
UPDATE checkpoint
SET owner = $2, epoch = epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $3)
WHERE group_name = $1
  AND (SELECT shape FROM shape) = $4
  AND (lease_until IS NULL OR lease_until < clock_timestamp() OR owner = $2)
RETURNING position, epoch
