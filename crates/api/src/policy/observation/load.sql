-- a hub of the last version keeps its own note in "said", and what it heard is not in "pulses"
SELECT tally, CASE WHEN said = '{}' THEN pulses ELSE '{}' END
FROM observed
WHERE target = $1
