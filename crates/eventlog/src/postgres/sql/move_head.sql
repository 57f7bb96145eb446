UPDATE eventlog.head SET position = $1, last_fact = $2
