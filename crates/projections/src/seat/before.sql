SELECT to_jsonb(count(*))
FROM seat
WHERE license = $1 AND position < $2
