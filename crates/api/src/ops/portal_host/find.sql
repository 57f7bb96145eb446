SELECT organization
FROM portal_host
WHERE host = $1
