SELECT position, last_fact FROM eventlog.head FOR UPDATE
