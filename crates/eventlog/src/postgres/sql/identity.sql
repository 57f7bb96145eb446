SELECT id, since FROM eventlog.identity ORDER BY number
