SELECT eventlog.seek($1)
