-- In one order, so that two of these never wait for each other.
SELECT count(pg_advisory_xact_lock_shared(hashtextextended(digest, 0)))
FROM (SELECT DISTINCT digest FROM unnest($1::text[]) AS wanted (digest) ORDER BY digest) AS ordered
