-- One after the other, in their order.
SELECT count(pg_advisory_xact_lock_shared($1, lock)) FROM unnest($2::int[]) AS wanted (lock)
