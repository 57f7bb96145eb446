SELECT first_position FROM eventlog.telemetry WHERE last_position > $1 AND id = $2
