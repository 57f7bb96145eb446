-- only by the hub that moves the policy: one that wakes up from a pause must not put back what it remembers
WITH mover AS (
    SELECT name FROM policy WHERE name = $4 AND owner = $5 AND epoch = $6 FOR SHARE
)
INSERT INTO observed (target, tally, pulses)
SELECT $1, $2, $3 FROM mover
ON CONFLICT (target) DO UPDATE SET tally = excluded.tally, pulses = excluded.pulses, said = '{}'
