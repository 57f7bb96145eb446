SELECT eventlog.create_telemetry_day($1)
