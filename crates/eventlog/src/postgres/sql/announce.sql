SELECT pg_notify('eventlog_head', $1)
