SELECT position
FROM consequence
WHERE organization = $1 AND cause = ANY($2::uuid[])
ORDER BY position
LIMIT $3
