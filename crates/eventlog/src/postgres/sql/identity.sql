SELECT id FROM eventlog.identity
