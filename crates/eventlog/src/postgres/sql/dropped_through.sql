SELECT dropped_through FROM eventlog.retention
