SELECT eventlog.drop_telemetry($1)
