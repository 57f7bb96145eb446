INSERT INTO eventlog.telemetry (id, first_position, last_position, newest_at, format, raw_size, body)
VALUES ($1, $2, $3, $4, $5, $6, $7)
