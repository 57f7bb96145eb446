INSERT INTO portal_host (host, organization)
VALUES ($1, $2)
ON CONFLICT (host) DO UPDATE SET organization = excluded.organization, added_at = clock_timestamp()
