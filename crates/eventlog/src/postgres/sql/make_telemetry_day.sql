SELECT eventlog.make_telemetry_day($1)
