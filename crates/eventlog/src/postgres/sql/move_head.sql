-- Over so many facts, and so many records behind them.
UPDATE eventlog.head
SET
    position = position + $1::bigint + $2::bigint,
    last_fact = CASE WHEN $1::bigint > 0 THEN position + $1::bigint ELSE last_fact END,
    committed_at = greatest(committed_at, clock_timestamp())
